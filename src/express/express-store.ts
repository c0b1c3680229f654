import type { EventEmitter } from 'node:events'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { checkOptions, isFunction, isObject, type Rules } from '../../drivers/utils/validate.ts'
import { isListedId } from '../core/id.ts'
import { shouldTouch } from '../core/lifetime.ts'
import type { ConflictResolver } from '../core/merge.ts'
import type { SessionRecord, SessionStore, SessionValues } from '../core/types.ts'
import { viewOf } from '../format/snapshot.ts'
import { commit } from '../session/changes/commit.ts'
import { isTaken } from '../session/changes/new-id.ts'
import { touchOnce } from '../session/touch.ts'
import {
  changesLifetime,
  type Content,
  contentOf,
  lifetimeFor,
  sessionOf,
  withLifetime,
} from './stored-session.ts'

/** Options of {@link createExpressStore}. */
export interface ExpressStoreOptions {
  /** Store of the sessions, created by `createSessionStore`. */
  store: SessionStore
  /**
   * Returns the owner of a session, for `list` and `destroyAll` of the store. It is called before each write. If it returns
   * `undefined`, the owner does not change. Default: sessions have no owner.
   */
  user?: (data: SessionValues) => string | undefined
  /** Returns the value of a key that two requests changed at the same time. Default: the later write wins. */
  onConflict?: ConflictResolver
}

/** The part of the module `express-session` that {@link createExpressStore} needs. */
export interface ExpressSessionModule<Store> {
  /** The base class of stores. */
  readonly Store: abstract new () => Store
}

const RULES: Rules<ExpressStoreOptions> = {
  store: [
    (value) => isObject(value) && isFunction(value['load']),
    'must be a store that createSessionStore returned',
  ],
  user: [isFunction, 'must be a function'],
  onConflict: [isFunction, 'must be a function'],
}

/** The base class of express-session's stores, as far as it is used here. */
interface BaseStore extends EventEmitter {
  createSession(request: object, session: object): object
}

type Callback<T = void> = ((error: unknown, value?: T) => void) | undefined

/** Number of sessions that `all` reads, and `clear` destroys, at the same time. */
const AT_ONCE = 50

/**
 * Returns a store for express-session on a session store of this package.
 *
 * It implements all methods of express-session's stores: `get`, `set`, `touch`, `destroy`, `all`, `length` and `clear`. It opens only
 * sessions of express-session, although the table may have others. A failure of the storage is an error of the callback, never "no
 * session".
 *
 * @param session - the module `express-session`, from which the base class is taken
 * @param options - see {@link ExpressStoreOptions}
 * @returns a store for the option `store` of express-session
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option
 * @example
 * ```ts
 * import session from 'express-session'
 *
 * const store = createExpressStore(session, { store: createSessionStore({ storage: dynamodb({ table: 'sessions' }) }) })
 * app.use(session({ store, secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }))
 * ```
 */
export function createExpressStore<Store extends object>(
  session: ExpressSessionModule<Store>,
  options: ExpressStoreOptions,
): Store {
  if (!isFunction(session?.Store))
    throw invalidOption('session', "must be the module: `import session from 'express-session'`")
  if (!isObject(options)) throw invalidOption('store', RULES.store[1])
  checkOptions({ ...options, store: options.store ?? null }, RULES)
  const { store, user, onConflict } = options

  /** The record that a session object was read from or stored as: the base of the next merge. */
  const records = new WeakMap<object, SessionRecord>()
  /** The last call for a session object. Calls for one object run one after another. */
  const calls = new WeakMap<object, Promise<unknown>>()

  const load = (id: string): Promise<SessionRecord | null> => store.load(id, { consistent: true })

  function recordOf(id: string, given: object): SessionRecord | undefined {
    const record = records.get(given)
    return record?.id === id ? record : undefined
  }

  /** Returns a session as express-session expects it; `undefined` for a session of other software. */
  function open(record: SessionRecord | null): object | undefined {
    const opened = record && sessionOf(record)
    if (!record || !opened) return undefined
    records.set(opened, record)
    return opened
  }

  /** Changes a stored session. */
  function change(
    record: SessionRecord,
    { values, seconds }: Content,
    owner?: string,
  ): Promise<SessionRecord> {
    return commit(store, {
      record,
      mine: values,
      applyPending: (current) => ({
        ...current,
        user: owner ?? current.user,
        ...lifetimeFor(seconds, current, store.config),
      }),
      onConflict,
    })
  }

  /** Stores the session of an object that was not read from the store. */
  async function create(id: string, content: Content, owner: string | undefined): Promise<SessionRecord> {
    const { values, seconds } = content
    const createdAt = store.config.now()
    const lifetime = seconds === undefined ? {} : lifetimeFor(seconds, { createdAt }, store.config)
    try {
      return await store.create({
        id,
        data: values,
        ...(owner !== undefined && { user: owner }),
        ...lifetime,
      })
    } catch (error) {
      if (!isTaken(error)) throw error
      const current = await load(id)
      if (!current) throw error
      return change(current, content, owner)
    }
  }

  async function write(id: string, given: object, content: Content): Promise<void> {
    if (content.hasEnded) return void (await store.destroy(id))
    const record = recordOf(id, given)
    const { cookie: _, ...data } = content.values
    const owner = user?.(data)
    const kept = withLifetime(content, record)
    const stored = record ? await change(record, kept, owner) : await create(id, kept, owner)
    records.set(given, viewOf(stored, kept.values))
  }

  async function touch(id: string, given: object, content: Content): Promise<void> {
    if (content.hasEnded) return void (await store.destroy(id))
    const record = recordOf(id, given) ?? (await load(id))
    if (!record) return
    const { cookie } = content.values
    if (changesLifetime(content, record)) {
      const values = { ...record.original, cookie }
      records.set(given, viewOf(await change(record, { ...content, values }), values))
    } else if (shouldTouch(record, store.config.now(), store.config.touchAfter))
      await touchOnce(store, record)
  }

  async function* sessions(): AsyncGenerator<[id: string, session: object][]> {
    let ids: string[] = []
    const read = async (): Promise<[string, object][]> => {
      const loaded = await Promise.all(ids.splice(0).map(async (id) => [id, open(await load(id))] as const))
      return loaded.flatMap(([id, session]) => (session ? [[id, session] as [string, object]] : []))
    }
    for await (const { id } of store.list()) {
      if (ids.push(id) >= AT_ONCE) yield await read()
    }
    yield await read()
  }

  class ExpressStore extends (session.Store as unknown as new () => BaseStore) {
    override createSession(request: object, given: object): object {
      const created = super.createSession(request, given)
      const record = records.get(given)
      if (record) records.set(created, record)
      return created
    }

    get(id: string, callback: Callback<object | undefined>): void {
      answer(callback, async () => (isListedId(id) ? open(await load(id)) : undefined))
    }

    set(id: string, given: object, callback?: Callback): void {
      // The content is copied now, because the app may change the object while it is stored.
      const content = contentOf(given, store.config.now())
      answer(callback, () => inOrder(calls, given, () => write(id, given, content)))
    }

    touch(id: string, given: object, callback?: Callback): void {
      const content = contentOf(given, store.config.now())
      answer(callback, () => inOrder(calls, given, () => touch(id, given, content)))
    }

    destroy(id: string, callback?: Callback): void {
      answer(callback, async () => void (isListedId(id) && (await store.destroy(id))))
    }

    all(callback: Callback<Record<string, object>>): void {
      answer(callback, async () => {
        const all: Record<string, object> = {}
        for await (const group of sessions()) Object.assign(all, Object.fromEntries(group))
        return all
      })
    }

    length(callback: Callback<number>): void {
      answer(callback, async () => {
        let length = 0
        for await (const group of sessions()) length += group.length
        return length
      })
    }

    clear(callback?: Callback): void {
      answer(callback, async () => {
        for await (const group of sessions()) await Promise.all(group.map(([id]) => store.destroy(id)))
      })
    }
  }
  return new ExpressStore() as unknown as Store
}

/** Runs the calls for one object in order. A failed call does not affect the next one. */
function inOrder<T>(
  calls: WeakMap<object, Promise<unknown>>,
  key: object,
  call: () => Promise<T>,
): Promise<T> {
  const before = calls.get(key)
  const result = before ? before.then(call, call) : call()
  calls.set(key, result)
  return result
}

/** Passes the result of work to a callback. An error that the callback throws is an uncaught exception, as with other stores. */
function answer<T>(callback: Callback<T>, work: () => Promise<T>): void {
  work().then(
    (value) => process.nextTick(() => callback?.(null, value)),
    (error: unknown) => process.nextTick(() => callback?.(error)),
  )
}
