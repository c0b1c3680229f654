/**
 * Refreshes the view each time the visitor returns to the page. Another tab may have signed out, and a browser restores a
 * cached page without a request.
 */
export function useFreshView(refresh: () => Promise<void>): void {
  const look = (): void => {
    // If the request fails, the page stays unchanged. The next action reports the error.
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
