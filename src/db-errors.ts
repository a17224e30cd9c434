import { AppError, type ProblemCode } from './errors.ts'

/** What an error of PostgreSQL, of its driver or of the socket says about itself. */
type DatabaseError = Error & { code: string; constraint_name?: string }

/** The connection could not be made, so the statement cannot have run. 57P03: the server is starting up or shutting down. */
const neverConnected = ['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', '57P03', '53300']

/** The connection was lost at a moment that nobody knows: the statement may have run. */
const lost = ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P05']

/** Connection errors that are not worth an immediate second try. */
const hopeless = [
  'CONNECT_TIMEOUT',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '3D000',
]

/** What leaves this layer, by SQLSTATE or driver code; a two-character key stands for its whole class. */
const problemOf: Record<string, ProblemCode> = {
  ...Object.fromEntries(
    [...neverConnected, ...lost, ...hopeless].map((code) => [code, 'database-unavailable' as const]),
  ),
  '08': 'database-unavailable',
  '28': 'database-unavailable',
  '53': 'database-unavailable',
  '57P04': 'database-unavailable',
  '58': 'database-unavailable',
  // A statement met the old primary after a fail-over.
  '25006': 'database-unavailable',
  '25P03': 'database-unavailable',
  '25P04': 'database-unavailable',
  '40': 'database-unavailable',
  '55P03': 'database-unavailable',
  '57014': 'deadline-exceeded',
  '22001': 'validation-failed',
  '22003': 'validation-failed',
  '22021': 'validation-failed',
  '22P02': 'validation-failed',
  '22P05': 'validation-failed',
  UNDEFINED_VALUE: 'validation-failed',
}

/**
 * The AppError that a failure of the database is to the client, with the failure as its cause. What the table does not
 * know is returned as it is: class 23 (constraints) belongs to the services, the rest are faults of the program.
 */
export function toAppError(error: unknown): unknown {
  if (!isDatabaseError(error)) return error
  const code = problemOf[error.code] ?? problemOf[error.code.slice(0, 2)]
  return code ? new AppError(code, { cause: error }) : error
}

/** A row with the same value stood in the way of `constraint` (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return isDatabaseError(error) && error.code === '23505' && error.constraint_name === constraint
}

/** A row that `constraint` refers to is not there, or is still referred to (SQLSTATE 23503). */
export function isForeignKeyViolation(error: unknown, constraint: string): boolean {
  return isDatabaseError(error) && error.code === '23503' && error.constraint_name === constraint
}

/** A deadlock or a serialisation failure: rolled back by the server, and right when repeated. */
export function isRepeatable(error: unknown): boolean {
  return hasCode(error, ['40001', '40P01'])
}

/** The statement cannot have run, for it never had a connection. */
export function neverRan(error: unknown): boolean {
  return hasCode(error, neverConnected)
}

/** What the pool says when it is shut or full: nothing of the statement has left this process. */
export function neverSent(error: unknown): boolean {
  return error instanceof AppError && (error.cause === undefined || neverRan(error.cause))
}

/** The connection broke while the statement was under way: it may have run. */
export function wasLost(error: unknown): boolean {
  return hasCode(error, lost)
}

/** The database, or the way to it, is in doubt. Not 53300: a full server still answers those who are connected. */
export function isConnectionError(error: unknown): boolean {
  return hasCode(error, [...neverConnected, ...lost, ...hopeless], /^(08|28)/) && !hasCode(error, ['53300'])
}

function hasCode(error: unknown, codes: string[], classes?: RegExp): boolean {
  return isDatabaseError(error) && (codes.includes(error.code) || (classes?.test(error.code) ?? false))
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && !(error instanceof AppError) && 'code' in error && typeof error.code === 'string'
}

/** Somebody else held the lock for longer than this statement may wait. */
export function isLockTimeout(error: unknown): boolean {
  return hasCode(error, ['55P03'])
}
