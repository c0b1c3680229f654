import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { SessionStore } from '../../core/types.ts'

/**
 * Do something with a new id, and with another one when that is taken.
 *
 * @param createId - makes an id; called once for each attempt
 * @throws {UnsessionError} `SESSION_EXISTS` when even the last id was taken
 */
export async function withNewId<T>(
  store: SessionStore,
  createId: () => string,
  action: (id: string) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action(createId())
    } catch (error) {
      if (!isTaken(error) || attempt >= store.config.maxRetries) throw error
    }
  }
}

/** Whether an id was refused because a live session has it. */
export function isTaken(error: unknown): boolean {
  return error instanceof UnsessionError && error.code === 'SESSION_EXISTS'
}
