import type { Context, Env, Input, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'

type Answer = Response | undefined

/** The parts of a middleware. They need no promise: `fuse` runs them in sequence, where Hono nests functions. */
export type Parts<E extends Env = Env> = {
  /** The function's name, for stack traces and listings. */
  name: string
  /** Constant headers, set on answers from within that lack them. */
  always?: Readonly<Record<string, string>>
  /**
   * Computed headers, which replace those of answers from within; undefined: none. Called when the answer is made or
   * later.
   */
  sets?: Readonly<Record<string, (c: Context<E>) => string | undefined>>
  /** Values appended to a list header (such as Vary) of answers from within. */
  lists?: Readonly<Record<string, string>>
  /**
   * Runs before everything within. It throws to refuse, returns a Response to answer, and returns a promise only where it
   * must wait. If the request was answered meanwhile (by its deadline), nothing within runs. `route` is the pattern of
   * the route that will answer, such as `/v1/plans/:name`; empty when there is none.
   */
  before?: (c: Context<E>, route: string) => Answer | Promise<Answer>
  /**
   * Surrounds asynchronous work: resolves when `within` did; earlier only with `c.res` set, or by throwing. Not called
   * for synchronous answers.
   */
  during?: (c: Context<E>, within: Promise<void>) => Promise<void>
  /**
   * Runs after every answer from within, with rendered errors and the answer of its own `before`; not after an error of
   * its own `before`.
   */
  after?: (c: Context<E>) => void
}

const partsByMiddleware = new WeakMap<object, Parts>()

/** Makes an ordinary Hono middleware from parts, for any Hono app. In a fused app the parts run without a promise. */
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

/** The headers of one or several parts, as arrays for fast iteration. */
export type PartHeaders = {
  constants: [string, string][]
  set: [string, (c: Context) => string | undefined][]
  listed: [string, string][]
}

/** @returns undefined for a part without headers */
export function partHeaders({ always, sets, lists }: Parts): PartHeaders | undefined {
  if (!always && !sets && !lists) return undefined
  return {
    constants: Object.entries(always ?? {}),
    set: Object.entries(sets ?? {}),
    listed: Object.entries(lists ?? {}),
  }
}

/** Sets the headers of a part on the answer. */
export function applyHeaders(c: Context, { constants, set, listed }: PartHeaders): void {
  const { headers } = c.res
  for (const [name, value] of constants) if (!headers.has(name)) headers.set(name, value)
  for (const [name, read] of set) {
    const value = read(c)
    if (value !== undefined) headers.set(name, value)
  }
  for (const [name, value] of listed) if (headers.get(name) !== value) headers.append(name, value)
}

/** Hono's error for a request that no handler answered. */
export function notFinalized(): Error {
  return new Error('Context is not finalized. Did you forget to return a Response object or `await next()`?')
}

type Route = { method: string; handler: { length: number } }

/** The route among matched handlers: one registered for a method, or whose handler takes no `next`. */
export function routeAmong<T extends Route>(matched: readonly T[]): T | undefined {
  return matched.findLast(({ method, handler }) => method !== 'ALL' || handler.length < 2)
}

function routeOf(c: Context): string {
  return routeAmong(matchedRoutes(c))?.path ?? ''
}
