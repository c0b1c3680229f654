import address from '@mermaid-js/tiny?url'

/** The part of Mermaid that the site uses. Its script makes it a global variable. */
interface Mermaid {
  initialize(options: object): void
  render(id: string, code: string): Promise<{ svg: string }>
}

/** Colours of boxes, lines and text, as in the other pictures of the documentation. */
const LIGHT = { ink: '#1f2328', soft: '#59636e', fill: '#f6f8fa', tint: '#ddf4ff', page: '#ffffff' }
const DARK = { ink: '#f0f6fc', soft: '#9198a1', fill: '#202127', tint: '#10243e', page: '#1b1b1f' }

let mermaid: Promise<Mermaid> | undefined
let last: Promise<unknown> = Promise.resolve()

/** Returns a diagram as SVG. The first call loads Mermaid, about 700 kB compressed. */
export function drawDiagram(id: string, code: string, isDark: boolean): Promise<string> {
  // Mermaid has one configuration for the whole page, so the diagrams are drawn one after the other.
  const drawn = last.then(async () => {
    mermaid ??= loadMermaid()
    const { initialize, render } = await mermaid
    initialize(configuration(isDark))
    const { svg } = await render(id, code)
    return limitShrinking(svg)
  })
  last = drawn.catch(() => undefined)
  return drawn
}

/** A picture that is too wide shrinks by a fifth at most. Then it is scrolled, and its text stays readable. */
function limitShrinking(svg: string): string {
  return svg.replace(
    /max-width: ([\d.]+)px;/,
    (limit, width: string) => `${limit} min-width: ${Math.round(Number(width) * 0.8)}px;`,
  )
}

function loadMermaid(): Promise<Mermaid> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = address
    script.addEventListener('load', () => resolve((globalThis as unknown as { mermaid: Mermaid }).mermaid))
    script.addEventListener('error', () =>
      reject(new Error('The script that draws the diagrams did not load')),
    )
    document.head.append(script)
  })
}

function configuration(isDark: boolean): object {
  const { ink, soft, fill, tint, page } = isDark ? DARK : LIGHT
  return {
    startOnLoad: false,
    theme: 'base',
    fontFamily: 'ui-sans-serif, system-ui, sans-serif',
    flowchart: { wrappingWidth: 260, rankSpacing: 36, nodeSpacing: 36, padding: 10 },
    sequence: { mirrorActors: false, actorMargin: 20, width: 130, messageFontSize: 15, actorFontSize: 15 },
    themeVariables: {
      darkMode: isDark,
      background: page,
      fontSize: '15px',
      textColor: ink,
      lineColor: soft,
      primaryColor: fill,
      primaryTextColor: ink,
      primaryBorderColor: soft,
      edgeLabelBackground: page,
      actorLineColor: soft,
      signalColor: soft,
      signalTextColor: ink,
      noteBkgColor: tint,
      noteTextColor: ink,
      noteBorderColor: soft,
      labelBoxBkgColor: tint,
      labelTextColor: ink,
      loopTextColor: ink,
      transitionLabelColor: ink,
    },
  }
}
