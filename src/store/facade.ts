import { Lazy } from '../../drivers/utils/lazy.ts'
import type { isTraced, trace } from './trace.ts'
import type {
  LoadOptions,
  RotateOptions,
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  ClearExpiredOptions,
  ClearExpiredResult,
} from '../core/types.ts'

/** An opened store, and the function that traces its calls. Both are loaded at the first call. */
export interface OpenedStore {
  readonly store: SessionStore
  readonly trace: typeof trace
  readonly isTraced: typeof isTraced
  /** The driver's own state, see {@link StoreFacade.transport}. */
  readonly driver: { readonly transport?: 'lean' | 'sdk' | undefined }
}

/** The session store of an app. It loads the code of the store at the first call, and publishes calls to tracing channels. */
export class StoreFacade implements SessionStore {
  readonly config: StoreConfig
  readonly #opened: Lazy<OpenedStore>

  constructor(config: StoreConfig, open: () => Promise<OpenedStore>) {
    this.config = config
    this.#opened = new Lazy(open)
  }

  create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return this.#call(({ store, trace }) => trace('create', draft.id, () => store.create(draft)))
  }

  load<T extends SessionValues>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null> {
    return this.#call(({ store, trace }) => trace('load', id, () => store.load<T>(id, options)))
  }

  loadCached<T extends SessionValues>(id: string, options?: LoadOptions): SessionRecord<T> | undefined {
    const { value } = this.#opened
    // A traced load is a call with a duration, so `load` makes it.
    return value?.isTraced('load') ? undefined : value?.store.loadCached?.<T>(id, options)
  }

  save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return this.#call(({ store, trace }) => trace('save', record.id, () => store.save(record)))
  }

  touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return this.#call(({ store, trace }) => trace('touch', record.id, () => store.touch(record)))
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.#call(({ store, trace }) => trace('destroy', id, () => store.destroy(id, options)))
  }

  rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    return this.#call(({ store, trace }) =>
      trace('rotate', record.id, () => store.rotate(record, newId, options)),
    )
  }

  async *list(options?: {
    user?: string
    limit?: number
    expired?: boolean
  }): AsyncGenerator<SessionSummary> {
    const { store } = await this.#opened.load()
    yield* store.list(options)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return this.#call(({ store, trace }) => trace('destroyAll', undefined, () => store.destroyAll(options)))
  }

  clearExpired(options?: ClearExpiredOptions): Promise<ClearExpiredResult> {
    return this.#call(({ store, trace }) =>
      trace('clearExpired', undefined, () => store.clearExpired(options)),
    )
  }

  /** How the DynamoDB driver sends its requests, once it has opened its connection. Not set for other drivers. */
  get transport(): 'lean' | 'sdk' | undefined {
    return this.#opened.value?.driver.transport
  }

  stats(): StoreStats {
    return (
      this.#opened.value?.store.stats() ?? {
        loads: 0,
        hits: 0,
        misses: 0,
        entries: 0,
        saves: 0,
        conflicts: 0,
      }
    )
  }

  async dispose(): Promise<void> {
    await this.#opened.value?.store.dispose()
  }

  #call<R>(work: (opened: OpenedStore) => Promise<R>): Promise<R> {
    const { value } = this.#opened
    return value === undefined ? this.#opened.load().then(work) : work(value)
  }
}
