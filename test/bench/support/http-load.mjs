import { Agent, get } from 'node:http'

/** Clients of a server, each with a connection it keeps. */
export class Clients {
  #port
  #agent
  #cookies = []

  /** @param count - how many clients, and connections */
  constructor(port, count) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: count })
    this.count = count
  }

  /** Let each client start a session of its own, all together. */
  async start(path) {
    this.#cookies = await Promise.all(
      Array.from({ length: this.count }, async () => {
        const { headers } = await this.#get(path)
        return (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0]).join('; ')
      }),
    )
    if (this.#cookies.includes('')) throw new Error(`${path} has set no cookie`)
  }

  /**
   * Let all clients ask for a path over and over, for a while.
   *
   * @param expected - what each answer must be
   * @returns us of the server's CPU for one request
   */
  async cpuOfRequest(path, expected, ms) {
    const before = await this.#cpu()
    const end = performance.now() + ms
    let requests = 0
    await Promise.all(
      this.#cookies.map(async (cookie) => {
        while (performance.now() < end) {
          const { body } = await this.#get(path, cookie)
          if (body !== expected) throw new Error(`${path} was answered with ${body}`)
          requests++
        }
      }),
    )
    return ((await this.#cpu()) - before) / requests
  }

  close() {
    this.#agent.destroy()
  }

  async #cpu() {
    return Number((await this.#get('/cpu')).body)
  }

  #get(path, cookie = '') {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, path, agent: this.#agent, headers: { cookie } }
      get(options, (response) => {
        let body = ''
        response.setEncoding('latin1')
        response.on('data', (chunk) => (body += chunk))
        response.on('end', () => resolve({ headers: response.headers, body }))
        response.on('error', reject)
      }).on('error', reject)
    })
  }
}
