/** The timeout of a request: longer than the deadlines of every server. */
export const patienceMs = 120_000

export type Answer = { status: number; code: string; body: unknown }

export type Request = {
  method?: string
  bearer?: string
  json?: unknown
  headers?: Record<string, string>
}

/** The whole answer, or why there was none: `no connection` (refused, reset, broken off) or `silent`. */
export async function call(
  url: string,
  path: string,
  { method, bearer, json, headers }: Request = {},
): Promise<Answer | 'no connection' | 'silent'> {
  const patience = AbortSignal.timeout(patienceMs)
  try {
    const response = await fetch(`${url}${path}`, {
      method: method ?? (json === undefined ? 'GET' : 'POST'),
      headers: {
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal: patience,
    })
    const body = parse(await response.text())
    return { status: response.status, code: response.ok ? '' : codeOf(body), body }
  } catch {
    return patience.aborted ? 'silent' : 'no connection'
  }
}

/** The name of an unsuccessful answer in the table. */
export function describeFailure(answer: Answer | string): string {
  return typeof answer === 'string' ? answer : `${answer.status} ${answer.code}`
}

/** Null for a body that is no JSON, such as a proxy's own page. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function codeOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : 'without a code'
}
