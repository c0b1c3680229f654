import type { H3Event } from 'h3'
import { UnsessionError } from 'unsession'
import type { Answer } from '#shared/types/answers'

/**
 * What a form of the page does. A script gets the answer as JSON, and a form without one is sent back to the page.
 *
 * @param act - with the form's fields; what it throws goes out with its status, and with the session layer's code
 */
export function defineAction(act: (event: H3Event, form: URLSearchParams) => Promise<Answer>) {
  return defineEventHandler(async (event) => {
    setResponseHeader(event, 'cache-control', 'no-store')
    const form = new URLSearchParams((await readRawBody(event)) ?? '')
    try {
      const answer = await act(event, form)
      return isScript(event) ? answer : await sendRedirect(event, '/', 303)
    } catch (error) {
      if (!(error instanceof UnsessionError)) throw error
      const { statusCode, message, code } = error
      if (statusCode >= 500) console.error(message)
      throw createError({ statusCode, message, data: { code }, cause: error })
    }
  })
}

function isScript(event: H3Event): boolean {
  return getRequestHeader(event, 'accept') === 'application/json'
}
