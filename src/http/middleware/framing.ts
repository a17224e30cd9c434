import { AppError } from '../../errors/app-error.ts'
import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

const maxUrlLength = 8_192
/** RFC 9110 7.2: uri-host [":" port], without the userinfo, escapes and commas that only an attacker sends. */
const hostPattern = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/
/** Cache of the last valid Host: nearly every request repeats it. */
let goodHost: string | undefined

/**
 * Checks what Bun's parser accepts although the RFCs forbid it: a missing, repeated or invalid Host, a repeated
 * Content-Length, a fragment, a target longer than 8 KiB. Costs two header look-ups and a few comparisons.
 *
 * A strange path (`//`, %00, %2F, a broken escape) is no framing error: the router or the schema of a path parameter
 * answers 404. TRACE and CONNECT pass: the method check answers 405.
 */
export function checkFraming(request: Request): AppError | undefined {
  const { url, headers } = request
  if (url.length > maxUrlLength) return malformed('The request target is longer than 8 KiB.')
  const host = headers.get('host')
  // RFC 9112 3.2: a server MUST answer 400 to a missing, repeated or invalid Host.
  if (host !== goodHost && !isGoodHost(host, url)) return malformed('The Host header is missing, repeated or invalid.')
  // RFC 9112 6.3: a repeated length may be accepted or refused; refusing leaves no ambiguity.
  const length = headers.get('content-length')
  if (length !== null && !isDigits(length)) return malformed('The Content-Length header is repeated or invalid.')
  // RFC 9112 3.2.1: a request target holds no fragment.
  if (url.includes('#')) return malformed('The request target holds a fragment.')
}

/** A percent-encoded unreserved character (RFC 3986 2.3), which never needs encoding. */
const escapedUnreserved = /%(?:2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/i

/**
 * Whether a path is not in canonical form: it has an encoded unreserved character, or an empty segment. A proxy's rule
 * about a path must hold for every spelling of it.
 */
export function isMisspelt(url: string): boolean {
  const hasEscape = url.includes('%')
  if (!hasEscape && !url.includes('//', 8)) return false
  const [path = ''] = url.slice(url.indexOf('/', 8)).split(/[?#]/, 1)
  return path.includes('//') || (hasEscape && escapedUnreserved.test(path))
}

function isGoodHost(host: string | null, url: string): boolean {
  // Without a Host, Bun cannot make the target absolute. A request of a test, without a socket, is absolute and has no
  // Host.
  if (host === null) return /^https?:\/\//.test(url)
  if (!hostPattern.test(host) || !URL.canParse(`http://${host}/`)) return false
  goodHost = host
  return true
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text)
}

/** The connection is closed: where this message ends and the next begins is ambiguous. */
function malformed(detail: string): AppError {
  return new AppError('bad-request', { detail, headers: { Connection: 'close' } })
}

/** The id of a request: the caller's own when it is 1–128 of [A-Za-z0-9._-], else a fresh UUIDv7. */
export function requestId(header: string | null): string {
  return header !== null && /^[A-Za-z0-9._-]{1,128}$/.test(header) ? header : Bun.randomUUIDv7()
}

/** Answers 400 to what `checkFraming` finds. */
export const framing = middleware<PublicEnv>({
  name: 'framing',
  before(c) {
    const refused = checkFraming(c.req.raw)
    if (refused) throw refused
    return undefined
  },
})
