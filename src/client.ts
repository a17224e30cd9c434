import { type ApplyGlobalResponse, hc } from 'hono/client'
import type { App } from './app.ts'
import type { ProblemOf } from './errors/problem-members.ts'

/** The body of every answer that is no success (RFC 9457); `code` distinguishes them. */
export type Problem = ProblemOf
type Problems = { [S in Problem['status']]: { json: Extract<Problem, { status: S }> } }
/** A typed client of this service, made by `createClient`. */
export type Client = ReturnType<typeof createClient>

type Options = {
  /** Called before every request; null or undefined: no bearer is sent. */
  accessToken?: () => string | null | undefined | Promise<string | null | undefined>
  /** Replaces the global fetch. */
  fetch?: typeof fetch
}

/**
 * Hono's typed client for this service: paths, bodies, queries, answers and problem documents are checked by the
 * compiler, from the routes themselves. Only types of the server are imported, so none of its code gets into the
 * client's bundle. Path parameters are encoded; a call whose parameter cannot stand in a path (empty, `.`, `..`, an
 * unpaired surrogate) rejects with TypeError, and nothing is sent.
 *
 * @param baseUrl e.g. `https://api.manas360.com`
 */
export function createClient(baseUrl: string, { accessToken = () => null, fetch: send }: Options = {}) {
  return withEncodedParams(
    hc<ApplyGlobalResponse<App, Problems>>(baseUrl, {
      ...(send && { fetch: send }),
      headers: async (): Promise<Record<string, string>> => {
        const token = await accessToken()
        return token == null ? {} : { Authorization: `Bearer ${token}` }
      },
    }),
  )
}

/** Whether a body is a problem document; its `code` says which. */
export function isProblem(body: unknown): body is Problem {
  const { code, type, status } = (body ?? {}) as Record<string, unknown>
  return typeof code === 'string' && typeof type === 'string' && typeof status === 'number' && status >= 400
}

/** Hono puts a path parameter into the URL unchanged, so that `../../subscription` would reach another route. */
function withEncodedParams<T extends object>(call: T, name: PropertyKey = ''): T {
  return new Proxy(call, {
    get(target, key): unknown {
      const inner: unknown = Reflect.get(target, key)
      return typeof inner === 'function' ? withEncodedParams(inner, key) : inner
    },
    apply(target, self, [input, ...rest]: [{ param?: object }?, ...unknown[]]): unknown {
      const method = target as unknown as (...values: unknown[]) => unknown
      if (!input?.param) return Reflect.apply(method, self, [input, ...rest])
      try {
        const param = Object.fromEntries(Object.entries(input.param).map(([key, value]) => [key, encode(key, value)]))
        return Reflect.apply(method, self, [{ ...input, param }, ...rest])
      } catch (error) {
        if (name === '$url' || name === '$path') throw error
        return Promise.reject(error)
      }
    },
  })
}

/** One segment of a path. `.` and `..` have no encoding: URL parsers read `%2E%2E` as `..` too (WHATWG URL 4.1). */
function encode(name: string, value: unknown): string {
  if (typeof value !== 'string' || /^\.{0,2}$/.test(value) || !value.isWellFormed())
    throw new TypeError(`The path parameter ${name} can't be ${JSON.stringify(value)}.`)
  return encodeURIComponent(value)
}
