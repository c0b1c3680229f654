import type { Answer } from '#shared/types/answers'

interface Failure {
  statusCode: number
  message: string
  data?: { code?: string }
}

/** Sends forms to the server in the background, shows what comes of it, and brings the view up to date. */
export function useAction(path: string) {
  const { refresh } = useVisit()
  const { say } = useNotice()
  const waiting = ref(0)

  /** @returns the answer, or nothing when it failed; the visitor has been told then */
  async function send(fields: URLSearchParams): Promise<Answer | undefined> {
    waiting.value += 1
    try {
      const response = await fetch(path, {
        method: 'POST',
        body: fields,
        headers: { accept: 'application/json' },
      })
      const answer: Answer | Failure = await response.json()
      // Data that cannot be read now stays unchanged; the response says why.
      await refresh().catch(() => {})
      if ('statusCode' in answer)
        say(adviceOn(answer.statusCode, answer.data?.code, answer.message), { failed: true })
      else say(answer.message, { quiet: answer.quiet })
      return 'statusCode' in answer ? undefined : answer
    } catch {
      say('This server does not answer. Is the playground still running?', { failed: true })
    } finally {
      waiting.value -= 1
    }
  }

  return { busy: computed(() => waiting.value > 0), send }
}
