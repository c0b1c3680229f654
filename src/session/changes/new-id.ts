import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { SessionStore } from '../../core/types.ts'

/**
 * Runs an action with a new id. If the id is taken, runs it again with another id.
 *
 * @param createId - returns an id. Called once for each attempt
 * @throws {UnsessionError} `SESSION_EXISTS` if all ids of `maxRetries` retries are taken
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

/** Returns whether a write failed because a live session has the id. */
export function isTaken(error: unknown): boolean {
  return error instanceof UnsessionError && error.code === 'SESSION_EXISTS'
}
