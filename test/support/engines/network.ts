import { type Socket, connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

export interface Network {
  readonly url: string
  /** Carry nothing more on the connections that are open, without closing them; new ones work. */
  freeze(): void
  stop(): Promise<void>
}

/** A piece of network in front of an HTTP endpoint, which can lose connections without a sign, as a NAT does. */
export async function startNetwork(target: string): Promise<Network> {
  const { hostname, port } = new URL(target)
  const pairs = new Set<[Socket, Socket]>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    for (const socket of pair) socket.on('error', () => {})
    near.on('close', () => far.destroy())
    near.on('close', () => pairs.delete(pair))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze() {
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        near.resume()
        far.resume()
      }
    },
    stop: () =>
      new Promise((resolve) => {
        for (const pair of pairs) for (const socket of pair) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
