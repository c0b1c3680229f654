import { debuglog } from 'node:util'
import { openSdk } from './client/connection.ts'
import type { Transport } from './client/transport.ts'
import type { ResolvedOptions } from './config/options.ts'
import { chooseTransport } from './lean/settings.ts'

/** Written with `NODE_DEBUG=unsession`. */
const debug = debuglog('unsession')

/** Opens the transport that the options and the environment ask for; the code of the other one is not loaded. */
export async function openTransport(options: ResolvedOptions): Promise<Transport> {
  const { name, reason } = chooseTransport(options, process.env)
  debug('table %s: transport %s, because of %s', options.table, name, reason)
  if (name === 'sdk') return openSdk(options, `for ${reason}`)
  const { openLeanTransport } = await import('./lean/lean-transport.ts')
  return openLeanTransport(options)
}
