import { OnDemand } from '../../drivers/utils/on-demand.ts'
import type {
  LoadOptions,
  RotateOptions,
  SessionData,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  SweepOptions,
  SweepResult,
} from './types.ts'

/** A session store that is opened at the first call; from then on each call goes straight to it. */
export class LazyStore implements SessionStore {
  readonly config: StoreConfig
  readonly #store: OnDemand<SessionStore>

  constructor(config: StoreConfig, open: () => Promise<SessionStore>) {
    this.config = config
    this.#store = new OnDemand(open)
  }

  create<T extends SessionData>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return this.#use((store) => store.create(draft))
  }

  load<T extends SessionData>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null> {
    return this.#use((store) => store.load<T>(id, options))
  }

  save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return this.#use((store) => store.save(record))
  }

  touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return this.#use((store) => store.touch(record))
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.#use((store) => store.destroy(id, options))
  }

  rotate<T extends SessionData>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    return this.#use((store) => store.rotate(record, newId, options))
  }

  async *list(options?: {
    user?: string
    limit?: number
    expired?: boolean
  }): AsyncGenerator<SessionSummary> {
    yield* (await this.#store.load()).list(options)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return this.#use((store) => store.destroyAll(options))
  }

  clearExpired(options?: SweepOptions): Promise<SweepResult> {
    return this.#use((store) => store.clearExpired(options))
  }

  stats(): StoreStats {
    return this.#store.value?.stats() ?? { loads: 0, hits: 0, misses: 0, entries: 0, saves: 0, conflicts: 0 }
  }

  async dispose(): Promise<void> {
    await this.#store.value?.dispose()
  }

  #use<R>(work: (store: SessionStore) => Promise<R>): Promise<R> {
    const { value } = this.#store
    return value === undefined ? this.#store.load().then(work) : work(value)
  }
}
