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
} from '../../core/types.ts'

/** A session store that passes all calls to another store. Subclasses override some methods. */
export class StoreLayer implements SessionStore {
  readonly config: StoreConfig
  protected readonly inner: SessionStore

  constructor(inner: SessionStore) {
    this.inner = inner
    this.config = inner.config
  }

  create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return this.inner.create(draft)
  }

  load<T extends SessionValues>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null> {
    return this.inner.load(id, options)
  }

  save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return this.inner.save(record)
  }

  touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return this.inner.touch(record)
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.inner.destroy(id, options)
  }

  rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    return this.inner.rotate(record, newId, options)
  }

  list(options?: { user?: string; limit?: number; expired?: boolean }): AsyncIterable<SessionSummary> {
    return this.inner.list(options)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return this.inner.destroyAll(options)
  }

  clearExpired(options?: ClearExpiredOptions): Promise<ClearExpiredResult> {
    return this.inner.clearExpired(options)
  }

  stats(): StoreStats {
    return this.inner.stats()
  }

  dispose(): Promise<void> {
    return this.inner.dispose()
  }
}
