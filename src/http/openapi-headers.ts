/** Header components of the document, by name: headers of answers beside those that every HTTP server sends. */
const headers = {
  'X-Request-Id': always('Names the request in the log; as sent, if it was 1–128 letters, digits, dots, dashes or _.'),
  'Cache-Control': always('no-store where the answer holds a token or personal data; public for the catalogue.'),
  RateLimit: sometimes('limit, remaining, reset in seconds (draft-ietf-httpapi-ratelimit-headers-07).'),
  'RateLimit-Policy': sometimes('The limit and its window in seconds, as limit;w=seconds.'),
  'Retry-After': { ...always('Seconds to wait.'), schema: { type: 'string', pattern: '^[1-9][0-9]*$' } },
  'WWW-Authenticate': always('The challenge (RFC 6750, RFC 9470); without an error code when no token was refused.'),
  Location: always('The path of what was made; of 302 where to go on.'),
  ETag: always(
    'Send it as If-None-Match, and get 304 while nothing changed; as If-Match, and a change is refused when something did.',
  ),
  'Authz-Refresh': sometimes("1: the person's rights changed since the token was issued; refresh when convenient."),
  'Idempotency-Replayed': sometimes('true: the answer of an earlier request with this Idempotency-Key.'),
  'Content-Disposition': sometimes('A file name, where the answer is a file.'),
}
export type HeaderName = keyof typeof headers

function always(description: string) {
  return { description, required: true, schema: { type: 'string' } }
}

function sometimes(description: string) {
  return { ...always(description), required: false }
}

type Response = { content?: Record<string, unknown>; headers?: Record<string, { $ref: string }> }
type About = {
  /** Whether requests are counted against a limit. */
  limited: boolean
  authenticated: boolean
  idempotent: boolean
  /** Whether the route takes If-Match and answers with the present ETag. */
  conditional: boolean
  /** Headers that middleware of the route may add. */
  added: HeaderName[]
}

/** The components of the document that `addHeaders` refers to. */
export const headerComponents: Record<string, object> = headers

/** Adds to each answer of an operation the headers that it has or may have. */
export function addHeaders(
  responses: Record<string, Response>,
  { limited, authenticated, idempotent, conditional, added }: About,
): void {
  const isTagged = '304' in responses || conditional
  for (const [status, response] of Object.entries(responses)) {
    const names: HeaderName[] = ['X-Request-Id', 'Cache-Control']
    if (limited) names.push('RateLimit', 'RateLimit-Policy')
    if (authenticated) names.push('Authz-Refresh')
    if (idempotent && (status.startsWith('2') || status === '409')) names.push('Idempotency-Replayed')
    if (isTagged && (status === '200' || status === '304')) names.push('ETag')
    if (status === '201' || status === '302') names.push('Location')
    if (status === '401') names.push('WWW-Authenticate')
    if (status === '429' || status === '503') names.push('Retry-After')
    if (status === '200' && Object.keys(response.content ?? {}).length > 1) names.push('Content-Disposition')
    names.push(...added)
    response.headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
  }
}
