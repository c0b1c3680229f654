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
} from '../../core/types.ts'

/** A session store in front of a session store, which passes everything on; what is over it says what it does otherwise. */
export class StoreLayer implements SessionStore {
  readonly config: StoreConfig
  protected readonly inner: SessionStore

  constructor(inner: SessionStore) {
    this.inner = inner
    this.config = inner.config
  }

  create<T extends SessionData>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return this.inner.create(draft)
  }

  load<T extends SessionData>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null> {
    return this.inner.load(id, options)
  }

  save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return this.inner.save(record)
  }

  touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return this.inner.touch(record)
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.inner.destroy(id, options)
  }

  rotate<T extends SessionData>(
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

  clearExpired(options?: SweepOptions): Promise<SweepResult> {
    return this.inner.clearExpired(options)
  }

  stats(): StoreStats {
    return this.inner.stats()
  }

  dispose(): Promise<void> {
    return this.inner.dispose()
  }
}
