import {
  type Component,
  computed,
  defineComponent,
  h,
  nextTick,
  onMounted,
  type PropType,
  ref,
  useId,
  useTemplateRef,
  type VNode,
} from 'vue'

const STORED = 'unsession-tab'

/** The label that the reader chose last. All groups of tabs that have it show it. */
const chosen = ref<string>()

/** Tabs of code: one label for each of the slots `tab-0`, `tab-1` and so on. */
export const CodeTabs: Component = defineComponent({
  props: { labels: { type: Array as PropType<string[]>, required: true } },
  setup(props, { slots }) {
    const id = useId()
    const list = useTemplateRef<HTMLElement>('list')
    const selected = computed(() => Math.max(0, props.labels.indexOf(chosen.value ?? '')))

    onMounted(() => {
      chosen.value ??= localStorage.getItem(STORED) ?? undefined
    })

    function choose(index: number): void {
      chosen.value = props.labels[index]
      localStorage.setItem(STORED, chosen.value ?? '')
    }

    async function onKeydown(event: KeyboardEvent): Promise<void> {
      const last = props.labels.length - 1
      const target = {
        ArrowLeft: selected.value === 0 ? last : selected.value - 1,
        ArrowRight: selected.value === last ? 0 : selected.value + 1,
        Home: 0,
        End: last,
      }[event.key]
      if (target === undefined) return
      event.preventDefault()
      choose(target)
      await nextTick()
      list.value?.querySelector<HTMLElement>('[aria-selected=true]')?.focus()
    }

    return (): VNode =>
      h('div', { class: 'code-tabs' }, [
        h(
          'div',
          { ref: 'list', role: 'tablist', 'aria-label': 'Framework', onKeydown },
          props.labels.map((label, index) => {
            const isSelected = index === selected.value
            return h(
              'button',
              {
                type: 'button',
                role: 'tab',
                id: `${id}-tab-${index}`,
                'aria-selected': isSelected,
                'aria-controls': `${id}-panel-${index}`,
                tabindex: isSelected ? 0 : -1,
                onClick: () => choose(index),
              },
              label,
            )
          }),
        ),
        ...props.labels.map((_, index) =>
          h(
            'div',
            {
              role: 'tabpanel',
              id: `${id}-panel-${index}`,
              'aria-labelledby': `${id}-tab-${index}`,
              hidden: index !== selected.value,
            },
            slots[`tab-${index}`]?.(),
          ),
        ),
      ])
  },
})
