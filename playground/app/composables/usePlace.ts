/** Which servers there are, which of them this is, and where the sessions are. */
export function usePlace() {
  // Only the server has the value; the page reads it from the server.
  const place = useState('place', () => {
    const { urls, instance, where } = useRuntimeConfig().playground
    return { instances: instancesAt(urls || useRequestURL().origin, instance), where }
  })
  const instances = computed(() => place.value.instances)
  return {
    instances,
    here: computed(() => instances.value.find(({ current }) => current)),
    where: computed(() => place.value.where),
  }
}
