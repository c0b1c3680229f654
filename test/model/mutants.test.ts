import { describe, expect, it, vi } from 'vitest'
import { ConflictError } from '../../drivers/utils/errors.ts'
import { createSessionStore } from '../../src/index.ts'
import type { NativeDriver } from '../../src/session/native.ts'
import type { DriverLike, TransactionOptions } from '../../src/session/storage.ts'
import type { SessionData, SessionStore } from '../../src/session/types.ts'
import { type Mutant, runSchedule } from './world.ts'

vi.mock('node:timers/promises', async () => {
  const { scheduledSleep } = await import('./scheduler.ts')
  return { setTimeout: scheduledSleep }
})

/** One wrapper a driver: servers over a driver without conditions share their lock by its identity. */
function wrapping(wrap: (driver: DriverLike & Partial<NativeDriver>) => DriverLike): Mutant {
  const wrappers = new WeakMap<DriverLike, DriverLike>()
  return {
    driver(driver) {
      const wrapper = wrappers.get(driver) ?? wrap(driver)
      wrappers.set(driver, wrapper)
      return wrapper
    },
  }
}

/** A driver whose writes, or whose reads or removals, are given other options. */
function withOptions(
  change: Partial<
    Record<'setItem' | 'read' | 'deleteItem', (options: TransactionOptions) => TransactionOptions>
  >,
): Mutant {
  const none = (options: TransactionOptions): TransactionOptions => options
  const { setItem = none, read = none, deleteItem = none } = change
  return wrapping(
    (native) =>
      ({
        ...native,
        getItem: (key, options = {}) => native.getItem(key, read(options)),
        getItemRaw: (key, options) => native.getItemRaw?.(key, read(options)),
        setItem: (key, value, options) => native.setItem?.(key, value, setItem(options)),
        ...(native.deleteItem && {
          deleteItem: (key: string, options: TransactionOptions = {}) =>
            native.deleteItem?.(key, deleteItem(options)) ?? Promise.resolve(false),
        }),
      }) as DriverLike,
  )
}

/** A store with other methods. */
function withStore(change: (store: SessionStore) => Partial<SessionStore>): Mutant {
  return {
    store(options) {
      const store = createSessionStore(options)
      const changed = change(store)
      return new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(name in changed ? changed : target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}

const without =
  (...names: string[]) =>
  (options: TransactionOptions): TransactionOptions =>
    Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)))
const isTouch = ({ ifVersion, version }: TransactionOptions): boolean => ifVersion === version
const isSave = ({ ifVersion }: TransactionOptions): boolean => typeof ifVersion === 'number'

const mutants: Record<string, [Mutant, hasFaults?: boolean]> = {
  'saves take no notice of the version': [
    withOptions({ setItem: (o) => (isSave(o) && !isTouch(o) ? without('ifVersion')(o) : o) }),
  ],
  'touches take no notice of the version': [
    withOptions({ setItem: (o) => (isTouch(o) ? without('ifVersion')(o) : o) }),
  ],
  'a creation overwrites': [
    withOptions({ setItem: (o) => (o['ifVersion'] === null ? without('ifVersion')(o) : o) }),
  ],
  'the end of a regenerated id takes no notice of its version': [
    withOptions({ deleteItem: without('ifVersion') }),
  ],
  'no read is strong': [withOptions({ read: without('consistent') })],
  'the version in the cookie is not looked at': [withStore((store) => ({ load: (id) => store.load(id) }))],
  'a write sent again does not know its own': [{ table: { marks: false } }, true],
  'a late save brings an ended session back': [
    wrapping((native) => ({
      ...native,
      async setItem(key, value, options) {
        try {
          await native.setItem?.(key, value, options)
        } catch (error) {
          if (!(error instanceof ConflictError) || error.current !== null) throw error
          await native.setItem?.(key, value, without('ifVersion')(options))
        }
      },
    })),
  ],
  'a logout ends nothing': [withStore(() => ({ destroy: async () => true }))],
  'a session is stored for whoever looks': [
    withStore((store) => ({
      async load<T extends SessionData>(id: string, options?: { minVersion?: number }) {
        const record = await store.load<T>(id, options)
        return record && store.touch(record)
      },
    })),
  ],
}

it('the model has nothing against wrappers that change nothing', { timeout: 120_000 }, async () => {
  for (const mutant of [withOptions({}), withStore(() => ({}))]) {
    for (let seed = 1; seed <= 500; seed++) {
      expect((await runSchedule(seed, false, mutant)).violation).toBeUndefined()
    }
  }
})

describe('the model notices that', () => {
  it.each(Object.entries(mutants))('%s', { timeout: 120_000 }, async (_, [mutant, hasFaults = false]) => {
    for (let seed = 1; seed <= 5000; seed++) {
      const { violation } = await runSchedule(seed, hasFaults, mutant)
      if (violation !== undefined) return
    }
    expect.fail('it was not noticed in 5000 schedules')
  })
})
