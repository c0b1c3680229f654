import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const CLIENT = { id: 'notebook', secret: 'the-secret-of-the-client' }
const LIFETIME_S = 3600

/** A sign-in that a code stands for, until it is redeemed. */
interface Grant {
  user: string
  redirectUri: string
  challenge: string
}

/**
 * A small OpenID Connect provider on the loopback interface: authorization code with PKCE, signed tokens, refresh tokens
 * that work once. It asks no password: its user is the one that `user` names.
 */
export class OidcProvider {
  /** The name of the user who signs in next. */
  user = 'Ada'
  url = ''
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  readonly #groups: string[]
  readonly #codes = new Map<string, Grant>()
  /** Refresh token → user. */
  readonly #refreshTokens = new Map<string, string>()
  readonly #server: Server

  /** @param groups - a claim of both tokens, which makes them as large as those of real directories */
  constructor(groups: string[]) {
    this.#groups = groups
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async start(): Promise<void> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** The environment of an app that signs its users in here. @param origin - where users see the app */
  environment(origin: string): Record<string, string> {
    const prefix = 'NUXT_OIDC_PROVIDERS_OIDC_'
    return {
      [`${prefix}CLIENT_ID`]: CLIENT.id,
      [`${prefix}CLIENT_SECRET`]: CLIENT.secret,
      [`${prefix}REDIRECT_URI`]: `${origin}/auth/oidc/callback`,
      [`${prefix}AUTHORIZATION_URL`]: `${this.url}/authorize`,
      [`${prefix}TOKEN_URL`]: `${this.url}/token`,
      [`${prefix}USER_INFO_URL`]: `${this.url}/userinfo`,
      [`${prefix}LOGOUT_URL`]: `${this.url}/logout`,
      [`${prefix}LOGOUT_REDIRECT_URI`]: origin,
      [`${prefix}OPEN_ID_CONFIGURATION`]: JSON.stringify({
        issuer: this.url,
        jwks_uri: `${this.url}/jwks`,
      }),
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    const json = (body: object, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    switch (pathname) {
      case '/jwks':
        return json({ keys: [{ ...this.#keys.publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: '1' }] })
      case '/authorize':
        response.writeHead(302, { location: this.#authorize(searchParams) }).end()
        return
      case '/token': {
        const tokens = this.#redeem(request, new URLSearchParams(await text(request)))
        return tokens ? json(tokens) : json({ error: 'invalid_grant', error_description: 'refused' }, 400)
      }
      case '/userinfo': {
        const [, payload = ''] = (request.headers.authorization ?? '').split('.')
        return json({ name: JSON.parse(Buffer.from(payload, 'base64url').toString()).sub })
      }
      default:
        return json({}, 404)
    }
  }

  #authorize(query: URLSearchParams): string {
    const redirectUri = query.get('redirect_uri') ?? ''
    const code = randomUUID()
    this.#codes.set(code, { user: this.user, redirectUri, challenge: query.get('code_challenge') ?? '' })
    return `${redirectUri}?${new URLSearchParams({ code, state: query.get('state') ?? '' })}`
  }

  #redeem({ headers }: IncomingMessage, body: URLSearchParams): object | undefined {
    const client = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')
    if (headers.authorization !== `Basic ${client}`) return undefined
    const user =
      body.get('grant_type') === 'refresh_token' ? this.#userOfRefresh(body) : this.#userOfCode(body)
    if (user === undefined) return undefined
    const refreshToken = randomUUID()
    this.#refreshTokens.set(refreshToken, user)
    return {
      token_type: 'Bearer',
      expires_in: LIFETIME_S,
      access_token: this.#token(user),
      id_token: this.#token(user),
      refresh_token: refreshToken,
    }
  }

  #userOfCode(body: URLSearchParams): string | undefined {
    const code = body.get('code') ?? ''
    const grant = this.#codes.get(code)
    this.#codes.delete(code)
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    const isOurs = grant?.redirectUri === body.get('redirect_uri') && grant.challenge === challenge
    return isOurs ? grant.user : undefined
  }

  #userOfRefresh(body: URLSearchParams): string | undefined {
    const refreshToken = body.get('refresh_token') ?? ''
    const user = this.#refreshTokens.get(refreshToken)
    this.#refreshTokens.delete(refreshToken)
    return user
  }

  #token(user: string): string {
    const now = Math.trunc(Date.now() / 1000)
    const claims = {
      iss: this.url,
      aud: CLIENT.id,
      sub: user,
      jti: randomUUID(),
      iat: now,
      exp: now + LIFETIME_S,
      groups: this.#groups,
    }
    const parts = [{ alg: 'RS256', kid: '1' }, claims]
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.#keys.privateKey).toString('base64url')}`
  }
}
