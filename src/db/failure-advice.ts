import { AppError } from '../errors/app-error.ts'

/** A database, and the variable that has its URL. */
export type Target = {
  url: string
  variable: 'DATABASE_URL' | 'DATABASE_MIGRATION_URL' | 'DATABASE_REPLICA_URL' | 'DATABASE_ADMIN_URL'
}

type Failure = Error & { code: string; hint?: string }

/**
 * Describes a failure of the database, its driver or the socket to the operator of a command, with advice. Null for other
 * errors.
 */
export function describeDatabaseFailure(error: unknown, target: Target): string | null {
  const failure = causeOf(error)
  const where = `The database at ${addressOf(target.url)}`
  if (!failure) {
    const isUnavailable = error instanceof AppError && error.code === 'database-unavailable'
    return isUnavailable ? `${where} does not answer. ${reach(target)}` : null
  }
  const { code } = failure
  const said = failure.message.replace(/\.$/, '')
  const refusal = code === lacksRight && target.variable === 'DATABASE_ADMIN_URL' ? administrate : refusalOf(code)
  if (refusal) return `${where} refuses this program: ${said}. ${refusal.replaceAll('$URL', target.variable)}`
  if (code === 'SSL_NOT_SUPPORTED')
    return `${where} offers no TLS, and DB_SSL demands it. ${waiting} switch ssl on at the server, or leave DB_SSL empty for a database on this host.`
  if (unresolved.has(code)) return `${where} cannot be found: ${code}. Check the host in ${target.variable}, and DNS.`
  if (unreachable.has(code)) return `${where} cannot be reached: ${code}. ${reach(target)}`
  if (broken.has(code) || code.startsWith('08'))
    return `${where} broke off the connection: ${code}. See its log; ${lower(reach(target))}`
  const advice = temporary[code] ?? temporary[code.slice(0, 2)]
  return advice ? `${where} says: ${said}. ${advice}` : `${where} says: ${said} (${code}).`
}

/** Whether retrying is useless: a wrong password, role, database or certificate, or no TLS. */
export function isHopeless(error: unknown): boolean {
  const code = causeOf(error)?.code
  return code !== undefined && (refusalOf(code) !== undefined || code === 'SSL_NOT_SUPPORTED')
}

/** The host and port of a URL, never user or password. */
function addressOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname || 'localhost'}:${port || 5432}`
}

/** The innermost cause that has a code of the database, the driver or the socket. */
function causeOf(error: unknown): Failure | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++)
    if (!(cause instanceof AppError) && 'code' in cause && typeof cause.code === 'string' && isOfDatabase(cause))
      return cause as Failure
  return null
}

/** Whether an error has a SQLSTATE, or is the driver's or a socket's; not that of a missing file, which has codes too. */
function isOfDatabase(error: Error): boolean {
  const { code, syscall } = error as Failure & { syscall?: string }
  if (/^[0-9A-Z]{5}$/.test(code) && 'severity' in error) return true
  if (isCertificate(code) || code === 'SSL_NOT_SUPPORTED' || broken.has(code)) return true
  return (unreachable.has(code) && (code !== 'ENOENT' || syscall === 'connect')) || unresolved.has(code)
}

function isCertificate(code: string): boolean {
  return /CERT|UNABLE_TO_VERIFY|ALTNAME/.test(code)
}

const unreachable = new Set([
  ...['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
  ...['CONNECT_TIMEOUT', 'ETIMEDOUT'],
])
const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN'])
const broken = new Set(['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'ECONNRESET', 'EPIPE'])

const reach = ({ variable }: Target): string =>
  `Check ${variable}, that the server runs and that this host may reach it.`
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const waiting = 'Waiting does not help:'
/** SQLSTATE insufficient_privilege. */
const lacksRight = '42501'
const refusals: Record<string, string> = {
  '28P01': `${waiting} check user and password in $URL.`,
  '28000': `${waiting} check the user in $URL, DB_SSL, and what pg_hba.conf allows this host.`,
  '3D000': `${waiting} check the name of the database in $URL, or create it.`,
  [lacksRight]: `${waiting} this role lacks a right; as the owner run: manas360 migrate`,
}
const administrate = `${waiting} the role of $URL needs CREATEROLE and CREATEDB, and must itself have made those of the two roles that exist.`

function refusalOf(code: string): string | undefined {
  if (isCertificate(code)) return `${waiting} name its authority in DB_CA, or the host in $URL as the certificate does.`
  return refusals[code]
}

const again = 'Try again in a moment.'
/** Advice by SQLSTATE, or by its class. */
const temporary: Record<string, string> = {
  '57P01': again,
  '57P02': again,
  '57P03': again,
  '53300': 'Raise its max_connections, or lower DB_POOL_MAX.',
  '53100': 'Give it room on its disk.',
  '25006': 'It is a standby, or set to read only: the address must be that of the primary.',
  '40': again,
  '55P03': `Somebody else holds a lock. ${again}`,
  '57014': `It took too long. ${again}`,
}
