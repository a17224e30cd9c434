import { AppError, type FieldError, type ProblemCode, problems } from '../../errors/app-error.ts'

type Context = {
  /** Where the pages that explain the codes are found; no slash at its end. */
  publicUrl: string
  /** The path of the request; what follows a `?` or `#` is dropped, for it may hold secrets. */
  instance: string
  requestId: string
}

/** The body of every answer that is not 2xx (RFC 9457), flat. */
export type ProblemDocument = {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  code: ProblemCode
  requestId: string
  errors?: FieldError[]
  [member: string]: unknown
}

/** RFC 6750 3.1: the codes that tell of a bearer token which came and is expired, revoked, malformed or otherwise not valid. */
const tokenCodes: ReadonlySet<ProblemCode> = new Set([
  'invalid-token',
  'token-expired',
  'session-revoked',
  'account-disabled',
])

/**
 * Renders whatever was thrown. An AppError is shown as it asks; anything else, the framework's own exceptions included, is
 * `internal-error` and tells nothing about itself.
 *
 * @returns the answer, and whether the error was `unexpected`: the operator is to hear of it
 */
export function problemResponse(error: unknown, context: Context): { response: Response; unexpected: boolean } {
  if (!(error instanceof AppError))
    return { response: render(new AppError('internal-error'), context), unexpected: true }
  try {
    return { response: render(error, context), unexpected: false }
  } catch {
    // A member that is not JSON or a header that is none is our fault; the client still gets a whole answer.
    return { response: render(new AppError('internal-error'), context), unexpected: true }
  }
}

/** The problem document of an error. Further members stand last and cannot replace the standard ones. */
export function problemDocument(error: AppError, { publicUrl, instance, requestId }: Context): ProblemDocument {
  const { status, title } = problems[error.code]
  const standard = {
    type: `${publicUrl}/problems/${error.code}`,
    title,
    status,
    detail: error.detail,
    instance: toReference(instance),
    code: error.code,
    requestId,
    ...(error.errors && { errors: error.errors }),
  }
  return { ...standard, ...error.members, ...standard }
}

/**
 * The document of a status that no code of the catalogue stands for, after RFC 9457 4.2.1: `about:blank`, and the status
 * phrase as title and code.
 */
export function statusResponse(status: number, detail: string, { instance, requestId }: Context): Response {
  // Asked for here: node:http takes 5 ms to load, and hardly a process needs it.
  const title = process.getBuiltinModule('node:http').STATUS_CODES[status] ?? 'Error'
  const code = title.toLowerCase().replaceAll("'", '').replaceAll(' ', '-')
  const document = { type: 'about:blank', title, status, detail, instance: toReference(instance), code, requestId }
  const headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' }
  return new Response(JSON.stringify(document), { status, headers })
}

function render(error: AppError, context: Context): Response {
  const document = problemDocument(error, context)
  const headers = new Headers(error.headers)
  headers.set('Content-Type', 'application/problem+json')
  headers.set('Cache-Control', 'no-store')
  if (document.status === 401) headers.set('WWW-Authenticate', challenge(error.code))
  return new Response(JSON.stringify(document), { status: document.status, headers })
}

/**
 * RFC 9110 15.5.2: a 401 MUST carry a challenge. RFC 6750 3.1: without a token in the request it SHOULD NOT carry an error
 * code; so after a wrong password or refresh token too, where the access token, if one came, is not what was refused.
 */
function challenge(code: ProblemCode): string {
  return tokenCodes.has(code) ? `Bearer error="invalid_token", error_description="${problems[code].title}"` : 'Bearer'
}

/**
 * A path as an RFC 3986 reference: everything that may not stand in one is percent-encoded (control and bidirectional
 * characters too), what is encoded stays so, and two slashes at the start do not name a host.
 */
function toReference(path: string): string {
  const [bare = ''] = path.split(/[?#]/, 1)
  return bare
    .toWellFormed()
    .replace(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/gu, encodeURIComponent)
    .replace(/^\/\//, '/.//')
}
