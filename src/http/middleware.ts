import type { Context, Env, Input, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'

type Answer = Response | undefined

/** What a middleware does, in parts that need no promise: `fuse` runs them in a row, where Hono would nest functions. */
export type Parts<E extends Env = Env> = {
  /** The function's name, for stack traces and listings. */
  name: string
  /** Constant headers of every answer from within that does not bring its own. */
  always?: Readonly<Record<string, string>>
  /** Headers of every answer from within, in place of its own; undefined: none. Asked when the answer is made, or after. */
  sets?: Readonly<Record<string, (c: Context<E>) => string | undefined>>
  /** Values that a header of every answer from within lists, beside its own. */
  lists?: Readonly<Record<string, string>>
  /**
   * Runs before everything within. Throws to refuse; a Response answers at once. A promise only where it must wait.
   * Where the request was answered meanwhile (its time was up), nothing within runs.
   * `route` is the pattern of the route that will answer, such as `/v1/plans/:name`; empty when there is none.
   */
  before?: (c: Context<E>, route: string) => Answer | Promise<Answer>
  /**
   * Surrounds what is still at work within: resolves when `within` did; earlier only with `c.res` set, or by throwing.
   * What was answered without waiting need not come by here.
   */
  during?: (c: Context<E>, within: Promise<void>) => Promise<void>
  /** Sees every answer from within, rendered errors and its own `before` answer included; not what its own `before` threw. */
  after?: (c: Context<E>) => void
}

const partsByMiddleware = new WeakMap<object, Parts>()

/** An ordinary Hono middleware made of parts, for any Hono app. In a fused app the parts run without a promise. */
export function middleware<E extends Env, P extends string = string, I extends Input = Input>(
  parts: Parts<E>,
): MiddlewareHandler<E, P, I, never> {
  const { name, before, during, after } = parts
  const headers = partHeaders(parts as unknown as Parts)
  const run: MiddlewareHandler = async (c, next) => {
    const wasFinalized = c.finalized
    const answer = await before?.(c, before.length > 1 ? routeOf(c) : '')
    if (answer) c.res = answer
    else if (wasFinalized || !c.finalized) {
      const within = next()
      await (during ? during(c, within) : within)
      if (!c.finalized) throw notFinalized()
    }
    if (headers) applyHeaders(c, headers)
    after?.(c)
  }
  Object.defineProperty(run, 'name', { value: name })
  partsByMiddleware.set(run, parts as unknown as Parts)
  return run as MiddlewareHandler<E, P, I, never>
}

/** The parts of a handler that `middleware` made. */
export function partsOf(handler: object): Parts | undefined {
  return partsByMiddleware.get(handler)
}

/** The headers of a part, or of several, in lists that are quick to walk. */
export type PartHeaders = {
  constants: [string, string][]
  set: [string, (c: Context) => string | undefined][]
  listed: [string, string][]
}

/** Undefined for a part that has none. */
export function partHeaders({ always, sets, lists }: Parts): PartHeaders | undefined {
  if (!always && !sets && !lists) return undefined
  return {
    constants: Object.entries(always ?? {}),
    set: Object.entries(sets ?? {}),
    listed: Object.entries(lists ?? {}),
  }
}

/** Gives an answer the headers of a part. */
export function applyHeaders(c: Context, { constants, set, listed }: PartHeaders): void {
  const { headers } = c.res
  for (const [name, value] of constants) if (!headers.has(name)) headers.set(name, value)
  for (const [name, read] of set) {
    const value = read(c)
    if (value !== undefined) headers.set(name, value)
  }
  for (const [name, value] of listed) if (headers.get(name) !== value) headers.append(name, value)
}

/** Hono's own error for a request that nobody answered. */
export function notFinalized(): Error {
  return new Error('Context is not finalized. Did you forget to return a Response object or `await next()`?')
}

type Route = { method: string; handler: { length: number } }

/** The route among what a request meets: registered for a method, or with a handler that takes no `next`. */
export function routeAmong<T extends Route>(matched: readonly T[]): T | undefined {
  return matched.findLast(({ method, handler }) => method !== 'ALL' || handler.length < 2)
}

function routeOf(c: Context): string {
  return routeAmong(matchedRoutes(c))?.path ?? ''
}
