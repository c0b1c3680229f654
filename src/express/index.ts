/**
 * Sessions for Express: `req.session` on the sessions of h3 and Nitro, and a store for express-session.
 *
 * @module unsession/express
 */

export type { SessionExpiry } from '../core/expiry.ts'
export type { ConflictingValues, ConflictResolver } from '../core/merge.ts'
export type { SessionPatch } from '../core/patch.ts'
export type { AdoptableSession, AdoptedSession, OnceWork, Session } from '../core/session.ts'
export type { Adopter, Unseal, UnsealedSession } from '../h3/adopter.ts'
export type { SessionConfig } from '../h3/config.ts'
export type { SessionCookieOptions } from '../h3/cookie.ts'
export { createExpressStore, type ExpressSessionModule, type ExpressStoreOptions } from './express-store.ts'
export {
  getSession,
  sessionMiddleware,
  useSession,
  type ExpressMiddleware,
  type ExpressRequest,
  type ExpressResponse,
} from './middleware.ts'
