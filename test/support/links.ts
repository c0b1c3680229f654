/** Returns a page without the code in it. */
export function proseOf(page: string): string {
  return page.replaceAll(/^( *)```[^]*?^\1```$/gm, '')
}

/** Returns the links of a page that do not lead to another site. */
export function linksOf(page: string): string[] {
  const links = Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link)
  return links.filter((link) => !/^https?:/.test(link))
}
