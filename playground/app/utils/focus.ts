/**
 * Restores the keyboard focus if the focused element was removed or disabled.
 *
 * @param place - where to go on from
 */
export function regainFocus(place: HTMLElement | null | undefined): void {
  const { activeElement, body } = document
  if (activeElement === null || activeElement === body || activeElement.matches(':disabled')) place?.focus()
}
