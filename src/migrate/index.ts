/**
 * Sessions of other software, read in place or taken over by their cookie.
 *
 * @module unsession/migrate
 */

export { django, type DjangoFormatOptions, type DjangoOptions, fromDjango } from './django.ts'
export {
  expressSession,
  type ExpressSessionFormatOptions,
  type ExpressSessionOptions,
  fromExpressSession,
} from './express-session.ts'
export type { Converted, LegacyStoreOptions } from './legacy-store.ts'
export type { AdoptableSession, AdoptedSession } from '../core/session.ts'
export type { LegacyFormat, LegacySession } from '../storage/legacy.ts'
export type { Adopter } from '../h3/adopter.ts'
