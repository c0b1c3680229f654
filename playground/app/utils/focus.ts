/** Move the focus to the heading of the page, where what had it is gone. */
export async function focusHeading(): Promise<void> {
  await nextTick()
  document.querySelector<HTMLElement>('h1')?.focus()
}
