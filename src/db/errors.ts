import { AppError, type ProblemCode } from '../errors/app-error.ts'

/** An error of PostgreSQL, of the driver or of the socket. */
type DatabaseError = Error & { code: string; constraint_name?: string }

/** Codes of failed connects: the statement cannot have run. 57P03: the server is starting up or shutting down. */
const neverConnected = ['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', '57P03', '53300']

/** Codes of broken connections: the statement may have run. */
const lost = ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P05']

/** Codes of timeouts. They alone do not mean that the database is lost: other connections may get answers. */
const tooLate = ['CONNECT_TIMEOUT', 'ETIMEDOUT']

/** The driver's code where TLS is required and the server offers none (patches/). */
const noTls = 'SSL_NOT_SUPPORTED'

/** Codes of connection errors for which an immediate retry is useless. */
const hopeless = ['CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'ENOTFOUND', 'EAI_AGAIN', '3D000', noTls]

type Problem = { code: ProblemCode; detail?: string }

const unreachable: Problem = { code: 'database-unavailable' }
const refusedInput: Problem = { code: 'validation-failed' }
const tookTooLong: Problem = { code: 'deadline-exceeded' }
const contended: Problem = {
  code: 'overloaded',
  detail: 'Others are changing the same thing, and nothing was changed here. Try again after Retry-After seconds.',
}
const exhausted: Problem = {
  code: 'overloaded',
  detail: 'The database has no room for more work at the moment. Try again after Retry-After seconds.',
}
const refusesUs: Problem = {
  code: 'service-unavailable',
  detail: 'The service may not use its database. Try again after Retry-After seconds.',
}
const takesNoChanges: Problem = {
  code: 'service-unavailable',
  detail: 'Nothing can be stored at the moment, and nothing was changed. Try again after Retry-After seconds.',
}
const storageFails: Problem = {
  code: 'service-unavailable',
  detail: 'The storage of the database fails. Try again after Retry-After seconds.',
}

/** The problem for each SQLSTATE or driver code; a key of two characters is a whole SQLSTATE class. */
const problemOf: Record<string, Problem> = {
  ...Object.fromEntries([...neverConnected, ...lost, ...tooLate, ...hopeless].map((code) => [code, unreachable])),
  '08': unreachable,
  '57P04': unreachable,
  // Wrong password or role, or pg_hba.conf refuses.
  '28': refusesUs,
  '53': exhausted,
  // Disk full.
  '53100': takesNoChanges,
  '53300': exhausted,
  '58': storageFails,
  // A read-only transaction: a standby, or the old primary after a fail-over.
  '25006': takesNoChanges,
  // idle_in_transaction_session_timeout or transaction_timeout.
  '25P03': tookTooLong,
  '25P04': tookTooLong,
  '40': contended,
  '55P03': contended,
  '57014': tookTooLong,
  '22001': refusedInput,
  '22003': refusedInput,
  '22021': refusedInput,
  '22P02': refusedInput,
  '22P05': refusedInput,
  UNDEFINED_VALUE: refusedInput,
}

/**
 * Translates an error of the database into the AppError for the client, with the error as its cause. Other errors are
 * returned as they are: constraint violations (class 23) are for the services to translate, the rest are bugs.
 */
export function toAppError(error: unknown): unknown {
  if (!isDatabaseError(error)) return error
  const problem = problemOf[error.code] ?? problemOf[error.code.slice(0, 2)]
  return problem ? new AppError(problem.code, { detail: problem.detail, cause: error }) : error
}

/** A unique violation (SQLSTATE 23505) of `constraint`. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return isDatabaseError(error) && error.code === '23505' && error.constraint_name === constraint
}

/** A foreign key violation (SQLSTATE 23503) of `constraint`. */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  return isDatabaseError(error) && error.code === '23503' && error.constraint_name === constraint
}

/** A refusal by a trigger (SQLSTATE 23001) that names itself `constraint`. */
export function isRestricted(error: unknown, constraint: string): boolean {
  return isDatabaseError(error) && error.code === '23001' && error.constraint_name === constraint
}

/** A deadlock or serialisation failure: the server rolled back, and the transaction may be retried. */
export function isRepeatable(error: unknown): boolean {
  return hasCode(error, ['40001', '40P01'])
}

/** There was no connection, so the statement cannot have run. */
export function neverRan(error: unknown): boolean {
  return hasCode(error, neverConnected)
}

/** The pool was closed or full: the statement was not sent. */
export function neverSent(error: unknown): boolean {
  return error instanceof AppError && (error.cause === undefined || neverRan(error.cause))
}

/** The connection broke during the statement, which may have run. */
export function wasLost(error: unknown): boolean {
  return hasCode(error, lost)
}

/** The connection failed. Not 53300 (too many connections): the server still answers existing connections. */
export function isConnectionError(error: unknown): boolean {
  return hasCode(error, [...neverConnected, ...lost, ...hopeless], /^(08|28)/) && !isFull(error)
}

/** A connect or socket timeout. */
export function wasTooLate(error: unknown): boolean {
  return hasCode(error, tooLate)
}

/** The server has reached max_connections (SQLSTATE 53300). */
export function isFull(error: unknown): boolean {
  return hasCode(error, ['53300'])
}

/** Why the database cannot be written, where the error says so: SQLSTATE 25006 or 53100. */
export function unwritableReason(error: unknown): 'read-only' | 'disk-full' | null {
  if (hasCode(error, ['25006'])) return 'read-only'
  return hasCode(error, ['53100']) ? 'disk-full' : null
}

/** lock_timeout passed (SQLSTATE 55P03). */
export function isLockTimeout(error: unknown): boolean {
  return hasCode(error, ['55P03'])
}

function hasCode(error: unknown, codes: string[], classes?: RegExp): boolean {
  return isDatabaseError(error) && (codes.includes(error.code) || (classes?.test(error.code) ?? false))
}

/**
 * An error that a live server answered with: it has a SQLSTATE, other than those for the end of a connection (08, 57P0x).
 */
export function isAnswer(error: unknown): boolean {
  return isDatabaseError(error) && /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error && !isConnectionError(error)
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && !(error instanceof AppError) && 'code' in error && typeof error.code === 'string'
}
