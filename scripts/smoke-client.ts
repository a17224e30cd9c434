/** What an instance answered; its body as an object, empty when it is none. */
export type Answer = { status: number; headers: Headers; body: Record<string, unknown> }
export type Session = { accessToken: string; refreshToken: string }
export type Credentials = { email: string; password: string }

/** One step of the story: prints what was seen. @throws what `run` throws, after printing it */
export type Tell = <T>(name: string, run: () => Promise<[seen: string, result: T]>) => Promise<T>
/** Asks the instance. @throws Error when it does not answer */
export type Call = (method: string, path: string, asked?: { token?: string; body?: object }) => Promise<Answer>

const timeoutMs = 10_000

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

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

export function sessionOf(answer: Answer, status: number): Session {
  demand(answer.status === status, answer, `${status}`)
  return { accessToken: text(answer, 'accessToken'), refreshToken: text(answer, 'refreshToken') }
}

export function expectProblem(answer: Answer, status: number, code: string): void {
  demand(answer.status === status && answer.body.code === code, answer, `${status} ${code}`)
}

/** What stands somewhere in the answer. */
export function member({ body }: Answer, ...path: string[]): unknown {
  return path.reduce<unknown>((at, key) => (at instanceof Object ? Reflect.get(at, key) : undefined), body)
}

/** A text somewhere in the answer, which must be there. */
export function text(answer: Answer, ...path: string[]): string {
  const value = member(answer, ...path)
  demand(typeof value === 'string' && value !== '', answer, `a text at ${path.join('.')}`)
  return value
}

export function demand(held: boolean, { status, body }: Answer, expected: string): asserts held {
  if (held) return
  const { code, detail, requestId } = body
  const seen = [status, code, detail, requestId && `(request ${requestId})`].filter(Boolean).join(' ')
  throw new Error(`expected ${expected}; got ${seen}`)
}
