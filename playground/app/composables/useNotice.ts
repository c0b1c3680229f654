/** The message about the last action. */
export interface Notice {
  text: string
  failed?: boolean
  /** Where the page itself shows what has changed: only read out. */
  quiet?: boolean
}

/** The one notice of the page; `say` replaces it. */
export function useNotice() {
  const notice = useState<Notice | undefined>('notice', () => undefined)
  return {
    notice,
    say: (text: string, kind: Omit<Notice, 'text'> = {}) => {
      notice.value = { text, ...kind }
    },
    dismiss: () => {
      notice.value = undefined
    },
  }
}
