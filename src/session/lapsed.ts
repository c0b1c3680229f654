import { SessionGoneError } from '../../drivers/utils/errors.ts'

/**
 * A session that nobody ended has run out. Unlike an end by somebody's hand that is nothing to remember: a write that set
 * out in time may still arrive and carry the session on.
 */
export class SessionLapsedError extends SessionGoneError {}
