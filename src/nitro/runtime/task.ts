import type { ClearExpiredResult } from '../../core/types.ts'
import { useSessionStore } from './index.ts'

/** A task of Nitro. */
interface Task {
  meta: { name: string; description: string }
  run(): Promise<{ result: ClearExpiredResult }>
}

/** Deletes expired sessions from the storage. They read as missing in any case, but without the task they may use space. */
const task: Task = {
  meta: { name: 'sessions:clear-expired', description: 'Remove expired sessions' },
  async run() {
    return { result: await useSessionStore().clearExpired() }
  },
}

export default task
