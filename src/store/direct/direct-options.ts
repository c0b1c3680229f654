import type { Codec } from '../../format/codec.ts'
import type { SessionHooks } from '../../core/hooks.ts'
import type { LegacyFormat } from '../../storage/legacy.ts'
import type { DriverLike, StorageLike } from '../../storage/storage-like.ts'
import type { StoreConfig } from '../../core/types.ts'

/** Options of a store without a cache, with all defaults. */
export interface DirectStoreOptions {
  storage: StorageLike | DriverLike
  /** Codec for writes. */
  codec: Codec
  /** Codecs for reads. */
  codecs: readonly Codec[]
  legacy: readonly LegacyFormat[]
  /** Maximum size of a stored session, in bytes. */
  maxSize: number
  hooks: SessionHooks
  config: StoreConfig
}
