import type { ClearExpiredResult } from '../../core/types.ts'
import { useSessionStore } from './index.ts'

/** A task of Nitro. */
interface Task {
  meta: { name: string; description: string }
  run(): Promise<{ result: ClearExpiredResult }>
}

/** Removes what has expired. Without it expired sessions are never seen, but may take space. */
const task: Task = {
  meta: { name: 'sessions:clear-expired', description: 'Remove expired sessions' },
  async run() {
    return { result: await useSessionStore().clearExpired() }
  },
}

export default task
