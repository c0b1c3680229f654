import { WRITERS } from './actions.ts'
import type { Random } from './random.ts'

/** Parameters of a schedule. They differ between schedules, so that rare events are frequent in some of them. */
export interface Plan {
  servers: number
  clients: number
  requests: number
  ttl: number
  lag: number
  indexLag: number
  faults: number
  isConditional: boolean
  lifetime: { maxAge?: number; idleTimeout?: number }
  /** Weight of sign-outs everywhere among the actions of the stranger client. */
  revocations: number
  writes: number
  ops: Record<string, number>
}

/** Returns random parameters. @param isAboutUsers - whether sign-ins, new ids and sign-outs everywhere are frequent */
export function planFrom(random: Random, hasFaults: boolean, isAboutUsers: boolean): Plan {
  const isConditional = random.chance(0.85)
  const ops: Record<string, number> = {}
  for (const op of WRITERS) ops[op] = random.chance(0.5) ? random.between(1, 4) : 0
  ops['set'] = random.between(1, 4)
  const isRevoked = random.chance(0.3) || isAboutUsers
  if (isRevoked) for (const op of ['bind', 'sign in', 'regenerate']) ops[op] = 8
  return {
    servers: random.between(1, 3),
    clients: random.between(1, 3),
    requests: random.between(3, 8),
    ttl: random.pick([0, 10, 10, 10]),
    lag: isConditional ? random.pick([0, 2000, 2000]) : 0,
    indexLag: random.pick([0, 2000, 20_000]),
    faults: hasFaults ? random.pick([0.05, 0.2]) : 0,
    isConditional,
    lifetime: random.pick([{}, { idleTimeout: 60 }, { maxAge: 90 }, { idleTimeout: 60, maxAge: 90 }]),
    revocations: isRevoked ? 20 : 1,
    writes: isRevoked ? 0.9 : random.pick([0.3, 0.6, 0.9]),
    ops,
  }
}
