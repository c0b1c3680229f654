import type { H3Event } from 'h3'
import { UnsessionError } from 'unsession'
import type { Answer } from '#shared/types/answers'

/**
 * Handles a form of the page. A script gets the response as JSON. A form without a script is redirected to the page.
 *
 * @param act - gets the form's fields. Its errors are sent with their status and the session layer's code
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
