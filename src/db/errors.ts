import { AppError, type ProblemCode } from '../errors/app-error.ts'

/** What an error of PostgreSQL, of its driver or of the socket says about itself. */
type DatabaseError = Error & { code: string; constraint_name?: string }

/** The connection could not be made, so the statement cannot have run. 57P03: the server is starting up or shutting down. */
const neverConnected = ['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', '57P03', '53300']

/** The connection was lost at a moment that nobody knows: the statement may have run. */
const lost = ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P05']

/** Nobody said a word in time; whether the database is lost is for others' answers to say. */
const tooLate = ['CONNECT_TIMEOUT', 'ETIMEDOUT']

/** What the driver says where it must encrypt and the server cannot (patches/). */
const noTls = 'SSL_NOT_SUPPORTED'

/** Connection errors that are not worth an immediate second try. */
const hopeless = ['CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'ENOTFOUND', 'EAI_AGAIN', '3D000', noTls]

type Told = { code: ProblemCode; detail?: string }

const unreachable: Told = { code: 'database-unavailable' }
const refusedInput: Told = { code: 'validation-failed' }
const tookTooLong: Told = { code: 'deadline-exceeded' }
const contended: Told = {
  code: 'overloaded',
  detail: 'Others are changing the same thing, and nothing was changed here. Try again after Retry-After seconds.',
}
const exhausted: Told = {
  code: 'overloaded',
  detail: 'The database has no room for more work at the moment. Try again after Retry-After seconds.',
}
const refusesUs: Told = {
  code: 'service-unavailable',
  detail: 'The service may not use its database. Try again after Retry-After seconds.',
}
const takesNoChanges: Told = {
  code: 'service-unavailable',
  detail: 'Nothing can be stored at the moment, and nothing was changed. Try again after Retry-After seconds.',
}
const storageFails: Told = {
  code: 'service-unavailable',
  detail: 'The storage of the database fails. Try again after Retry-After seconds.',
}

/** What leaves this layer, by SQLSTATE or driver code; a two-character key stands for its whole class. */
const problemOf: Record<string, Told> = {
  ...Object.fromEntries([...neverConnected, ...lost, ...tooLate, ...hopeless].map((code) => [code, unreachable])),
  '08': unreachable,
  '57P04': unreachable,
  // The password or the role is wrong, or pg_hba.conf says no.
  '28': refusesUs,
  '53': exhausted,
  // Disk full.
  '53100': takesNoChanges,
  '53300': exhausted,
  '58': storageFails,
  // A read-only transaction: a standby, or the old primary after a fail-over.
  '25006': takesNoChanges,
  // The server ended a transaction that we kept open for too long.
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
 * The AppError that a failure of the database is to the client, with the failure as its cause. What the table does not
 * know is returned as it is: class 23 (constraints) belongs to the services, the rest are faults of the program.
 */
export function toAppError(error: unknown): unknown {
  if (!isDatabaseError(error)) return error
  const told = problemOf[error.code] ?? problemOf[error.code.slice(0, 2)]
  return told ? new AppError(told.code, { detail: told.detail, cause: error }) : error
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

/** The connection failed. Not 53300: a full server still answers those who are connected. */
export function isConnectionError(error: unknown): boolean {
  return hasCode(error, [...neverConnected, ...lost, ...hopeless], /^(08|28)/) && !isFull(error)
}

/** A connection that could not be made in time, or of which nothing was heard. */
export function wasTooLate(error: unknown): boolean {
  return hasCode(error, tooLate)
}

/** The server has as many connections as it may have. */
export function isFull(error: unknown): boolean {
  return hasCode(error, ['53300'])
}

/** Why the database takes no changes, when that is what an error says: SQLSTATE 25006 or 53100. */
export function unwritableReason(error: unknown): 'read-only' | 'disk-full' | null {
  if (hasCode(error, ['25006'])) return 'read-only'
  return hasCode(error, ['53100']) ? 'disk-full' : null
}

/** Somebody else held the lock for longer than this statement may wait. */
export function isLockTimeout(error: unknown): boolean {
  return hasCode(error, ['55P03'])
}

function hasCode(error: unknown, codes: string[], classes?: RegExp): boolean {
  return isDatabaseError(error) && (codes.includes(error.code) || (classes?.test(error.code) ?? false))
}

/** An answer of the server's: it has a SQLSTATE. Its farewells, class 08 and 57P0x, are none. */
export function isAnswer(error: unknown): boolean {
  return isDatabaseError(error) && /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error && !isConnectionError(error)
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return error instanceof Error && !(error instanceof AppError) && 'code' in error && typeof error.code === 'string'
}
