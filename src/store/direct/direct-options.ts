import type { Codec } from '../../format/codec.ts'
import type { SessionHooks } from '../../core/hooks.ts'
import type { LegacyFormat } from '../../storage/legacy.ts'
import type { DriverLike, StorageLike } from '../../storage/storage-like.ts'
import type { StoreConfig } from '../../core/types.ts'

/** Options of a store without a cache, with every default filled in. */
export interface DirectStoreOptions {
  storage: StorageLike | DriverLike
  /** Writes the data. */
  codec: Codec
  /** Read the data. */
  codecs: readonly Codec[]
  legacy: readonly LegacyFormat[]
  /** Maximum size of a stored session, in bytes. */
  maxSize: number
  hooks: SessionHooks
  config: StoreConfig
}
