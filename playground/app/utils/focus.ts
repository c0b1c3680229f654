/**
 * Give the keyboard its place back where what had the focus is gone, or was switched off.
 *
 * @param place - where to go on from
 */
export function regainFocus(place: HTMLElement | null | undefined): void {
  const { activeElement, body } = document
  if (activeElement === null || activeElement === body || activeElement.matches(':disabled')) place?.focus()
}
