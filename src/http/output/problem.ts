import { AppError, type FieldError, type ProblemCode, problems } from '../../errors/app-error.ts'

type Context = {
  /** Base URL of the pages that explain codes, without a slash at the end. */
  publicUrl: string
  /** The path of the request. The query is dropped: it may hold secrets. */
  instance: string
  requestId: string
}

/** The body of every answer that is not 2xx (RFC 9457), flat. */
type ProblemDocument = {
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

/** RFC 6750 3.1: codes for a bearer token that was sent and is expired, revoked, malformed or otherwise invalid. */
const tokenCodes: ReadonlySet<ProblemCode> = new Set([
  'invalid-token',
  'token-expired',
  'session-revoked',
  'account-disabled',
])

/**
 * Renders an error. Everything but an AppError is `internal-error`, without details.
 * @returns the answer, and whether the error was `unexpected` and must be logged
 */
export function problemResponse(error: unknown, context: Context): { response: Response; unexpected: boolean } {
  if (!(error instanceof AppError))
    return { response: render(new AppError('internal-error'), context), unexpected: true }
  try {
    return { response: render(error, context), unexpected: false }
  } catch {
    // A bug: a member that is no JSON, or an invalid header. The client still gets a valid answer.
    return { response: render(new AppError('internal-error'), context), unexpected: true }
  }
}

/** The problem document of an error. Further members come last and cannot replace standard ones. */
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
 * The document for a status without a code in the catalogue (RFC 9457 4.2.1): `about:blank`, with the status phrase as
 * title and code.
 */
export function statusResponse(status: number, detail: string, { instance, requestId }: Context): Response {
  // Loaded here: node:http takes 5 ms, and few processes need it.
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
  if (document.status === 401 && !headers.has('WWW-Authenticate'))
    headers.set('WWW-Authenticate', challenge(error.code))
  return new Response(JSON.stringify(document), { status: document.status, headers })
}

/**
 * RFC 9110 15.5.2: a 401 MUST have a challenge. RFC 6750 3.1: where the access token is not what was refused (there was
 * none, or the password or refresh token was wrong), it SHOULD NOT have an error code.
 */
function challenge(code: ProblemCode): string {
  return tokenCodes.has(code) ? `Bearer error="invalid_token", error_description="${problems[code].title}"` : 'Bearer'
}

/**
 * Turns a path into an RFC 3986 reference: forbidden characters are percent-encoded (also control and bidirectional
 * ones), existing escapes are kept, and two slashes at the start do not become a host.
 */
function toReference(path: string): string {
  const [bare = ''] = path.split(/[?#]/, 1)
  return bare
    .toWellFormed()
    .replace(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/gu, encodeURIComponent)
    .replace(/^\/\//, '/.//')
}
