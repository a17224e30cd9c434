import { AppError } from '../../errors/app-error.ts'
import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

const maxUrlLength = 8_192
/** RFC 9110 7.2: uri-host [":" port], without the userinfo, escapes and commas that only an attacker sends. */
const hostPattern = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/
/** The last host found good: nearly every request repeats it. */
let goodHost: string | undefined

/**
 * Judges what the server's parser lets through though no honest client sends it: a missing, doubled or illegal Host, a doubled
 * Content-Length, a fragment, a target longer than 8 KiB. Two header look-ups and a few comparisons on a good request.
 *
 * A strange *path* (`//`, %00, %2F, a broken escape) is no framing error: it names nothing, so the router or a path parameter's
 * schema answers 404. TRACE and CONNECT pass: the method check answers 405.
 */
export function checkFraming(request: Request): AppError | undefined {
  const { url, headers } = request
  if (url.length > maxUrlLength) return malformed('The request target is longer than 8 KiB.')
  const host = headers.get('host')
  // RFC 9112 3.2: a server MUST answer 400 to a missing, repeated or invalid Host.
  if (host !== goodHost && !isGoodHost(host, url)) return malformed('The Host header is missing, repeated or invalid.')
  // RFC 9112 6.3: a repeated length may be accepted or refused; refusing leaves nothing to disagree about.
  const length = headers.get('content-length')
  if (length !== null && !isDigits(length)) return malformed('The Content-Length header is repeated or invalid.')
  // RFC 9112 3.2.1: a request target holds no fragment.
  if (url.includes('#')) return malformed('The request target holds a fragment.')
}

/** RFC 3986 2.3: what never needs an escape, escaped all the same. */
const escapedUnreserved = /%(?:2[DE]|3\d|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/i

/**
 * Whether the path of a URL is another spelling of one that a route may have: an escape of an unreserved character, or an
 * empty segment. What is decided about a path in front of the service, by a proxy, must hold for every way to write it.
 */
export function isMisspelt(url: string): boolean {
  const hasEscape = url.includes('%')
  if (!hasEscape && !url.includes('//', 8)) return false
  const [path = ''] = url.slice(url.indexOf('/', 8)).split(/[?#]/, 1)
  return path.includes('//') || (hasEscape && escapedUnreserved.test(path))
}

function isGoodHost(host: string | null, url: string): boolean {
  // Without a Host the server can't make the target absolute; a request that never crossed a socket is absolute without one.
  if (host === null) return /^https?:\/\//.test(url)
  if (!hostPattern.test(host) || !URL.canParse(`http://${host}/`)) return false
  goodHost = host
  return true
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text)
}

function malformed(detail: string): AppError {
  return new AppError('bad-request', { detail })
}

/** The id of a request: the caller's own when it is 1–128 of [A-Za-z0-9._-], else a fresh UUIDv7. */
export function requestId(header: string | null): string {
  return header !== null && /^[A-Za-z0-9._-]{1,128}$/.test(header) ? header : Bun.randomUUIDv7()
}

/** What the parser lets through and no honest client sends: 400. */
export const framing = middleware<PublicEnv>({
  name: 'framing',
  before(c) {
    const refused = checkFraming(c.req.raw)
    if (refused) throw refused
    return undefined
  },
})
