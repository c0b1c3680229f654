/**
 * Looks again whenever the visitor comes back to the page: another tab may have signed out meanwhile, and a browser shows
 * a page that it has kept as it was.
 */
export function useFreshView(refresh: () => Promise<void>): void {
  const look = (): void => {
    // Without an answer the page stays as it is, and the next action says so.
    if (document.visibilityState === 'visible') refresh().catch(() => {})
  }
  const onShow = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) look()
  }
  onMounted(() => {
    document.addEventListener('visibilitychange', look)
    window.addEventListener('focus', look)
    window.addEventListener('pageshow', onShow)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('focus', look)
    window.removeEventListener('pageshow', onShow)
  })
}
