/** The visitor's session as the server shows it. */
export function useVisit() {
  const { data, refresh } = useSessionData()
  const session = computed(() => data.value.session ?? null)
  return {
    session,
    content: computed(() => session.value?.data ?? {}),
    devices: computed(() => data.value.devices ?? []),
    now: computed(() => data.value.now ?? Date.now()),
    refresh,
  }
}
