import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** A family of tokens: all that came out of one sign-in. */
interface Family {
  isRevoked: boolean
}

/**
 * The token endpoint of an OAuth provider, on the loopback interface. A refresh token works once. If it is used again, it
 * counts as stolen, and all tokens of its family are revoked, as RFC 9700 recommends.
 */
export class OAuthProvider {
  /** Refreshes that were answered with new tokens. */
  refreshes = 0
  /** Requests that were refused. */
  refused = 0
  /** ms that an answer takes. */
  delay = 0
  url = ''
  readonly #families = new Map<string, Family>()
  readonly #used = new Set<string>()
  readonly #server = createServer(async (request, response) => {
    const body = new URLSearchParams(await text(request))
    const tokens = this.#refresh(body.get('refresh_token') ?? '')
    if (this.delay > 0) await sleep(this.delay)
    response.writeHead(tokens ? 200 : 400, { 'content-type': 'application/json' })
    response.end(JSON.stringify(tokens ?? { error: 'invalid_grant' }))
  })

  async start(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** Returns the first refresh token of a new family. */
  signIn(): string {
    return this.#issue({ isRevoked: false })
  }

  /** Returns whether a refresh token would be accepted. */
  accepts(token: string): boolean {
    return this.#families.get(token)?.isRevoked === false && !this.#used.has(token)
  }

  #refresh(token: string): object | undefined {
    const family = this.#families.get(token)
    if (family && this.#used.has(token)) family.isRevoked = true
    if (!family || family.isRevoked) {
      this.refused++
      return undefined
    }
    this.#used.add(token)
    this.refreshes++
    return {
      access_token: `access-${this.refreshes}`,
      refresh_token: this.#issue(family),
      token_type: 'Bearer',
      expires_in: 3600,
    }
  }

  #issue(family: Family): string {
    const token = randomUUID()
    this.#families.set(token, family)
    return token
  }
}
