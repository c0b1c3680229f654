import { useData } from 'vitepress'
import { type Component, defineComponent, h, onMounted, ref, useId, type VNode, watch } from 'vue'
import { drawDiagram } from './mermaid.ts'

/** A picture of a Mermaid diagram, in the colours of the site. Its text is shown until the picture is there. */
export const MermaidDiagram: Component = defineComponent({
  props: { code: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData()
    const id = `diagram-${useId()}`
    const svg = ref('')

    async function draw(): Promise<void> {
      svg.value = await drawDiagram(id, props.code, isDark.value)
    }
    onMounted(draw)
    watch(isDark, draw)

    // A wide picture is scrolled, by keyboard too.
    const attributes = { class: 'diagram', tabindex: 0, role: 'group', 'aria-label': 'Diagram' }
    return (): VNode =>
      svg.value === ''
        ? h('div', attributes, h('pre', props.code))
        : h('div', { ...attributes, innerHTML: svg.value })
  },
})
