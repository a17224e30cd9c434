import type { Body } from './step.ts'

export type Answer = { status: number; headers: Headers; body: Body }
/** Sends a request to the instance. @throws Error when it does not answer within a minute */
export type Call = (method: string, path: string, asked?: { token?: string; body?: object }) => Promise<Answer>

/** Longer than a server's own deadline, 30 s unless set. */
export const timeoutMs = 60_000

export function createCall(origin: string): Call {
  return async function call(method, path, { token, body } = {}) {
    try {
      const response = await fetch(origin + path, {
        method,
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        body: body && JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      return { status: response.status, headers: response.headers, body: parse(await response.text()) }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`no answer from ${origin}: ${why}. Is it running? Try: curl -i ${origin}/live`)
    }
  }
}

function parse(body: string): Body {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
