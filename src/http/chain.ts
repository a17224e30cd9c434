import type { Context, MiddlewareHandler, Next } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Deps } from '../deps.ts'
import { Call, type PublicEnv } from '../env.ts'
import { AppError } from '../errors.ts'
import { createClientIp } from './client-ip.ts'

/** One link of the chain. Both parts are synchronous: a promise costs every request. */
export type Step = {
  name: string
  /** Before the handler. Throws AppError to refuse; a Response answers at once. */
  before?: (c: Context<PublicEnv>, call: Call) => Response | undefined
  /** On every answer, refusals and errors included. */
  after?: (headers: Headers, call: Call, c: Context<PublicEnv>) => void
}

type ToResponse = (error: unknown, c: Context<PublicEnv>) => Response

/** Bun closes a socket on which nothing moved for 10 s; a request still at work after this long is given its whole deadline. */
const ExtendAfterMs = 8_000

/** The one promise of everything that was over when it was asked for. */
const done = Promise.resolve()

/**
 * Runs the steps in their order around the route's handlers, all in one middleware: ten separate ones would cost half of
 * the throughput. `toResponse` renders what was thrown.
 */
export function chain(deps: Deps, steps: readonly Step[], toResponse: ToResponse): MiddlewareHandler<PublicEnv> {
  const befores = steps.flatMap((step) => step.before ?? [])
  const afters = steps.flatMap((step) => step.after ?? [])
  const timeoutMs = deps.config.requestTimeoutMs
  const clientIp = createClientIp(deps.config.trustedProxies)

  return function chain(c) {
    const call = new Call(c.req.raw, matchedRoutes(c), { server: c.env?.server, timeoutMs, clientIp })
    c.set('deps', deps)
    c.set('call', call)
    try {
      for (const before of befores) {
        const answer = before(c, call)
        if (answer) return finish(c, call, answer)
      }
    } catch (error) {
      return finish(c, call, toResponse(error, c))
    }
    const handling = handle(c, call, c.req.routeIndex + 1)
    return handling === done ? finish(c, call) : withinDeadline(c, call, handling)
  }

  /**
   * The handlers behind this one, each inside the one before, as Hono's `compose` runs them: what a handler throws is
   * answered where it was thrown. But a promise is made only where a handler makes one, which doubles the speed of those that don't.
   */
  function handle(c: Context<PublicEnv>, call: Call, index: number): Promise<void> {
    try {
      const route = call.routes[index]
      if (!route) throw new AppError('not-found')
      c.req.routeIndex = index
      const next: Next = () => handle(c, call, index + 1)
      const answer: unknown = route.handler(c, next)
      if (answer === done) return done
      if (answer instanceof Promise)
        return answer.then(
          (response) => take(c, response),
          (error) => refuse(c, error),
        )
      take(c, answer)
    } catch (error) {
      refuse(c, error)
    }
    return done
  }

  function take(c: Context<PublicEnv>, answer: unknown): void {
    if (answer instanceof Response && !c.finalized) c.res = answer
  }

  function refuse(c: Context<PublicEnv>, error: unknown): void {
    c.error = error instanceof Error ? error : new Error('something that is no error was thrown', { cause: error })
    c.res = toResponse(error, c)
  }

  function finish(c: Context<PublicEnv>, call: Call, answer?: Response): Promise<void> {
    if (answer) c.res = answer
    const { headers } = c.res
    for (const after of afters) after(headers, call, c)
    return done
  }

  /** Ends a request whose time is up with a 504. Its handler goes on behind it; its queries have shorter deadlines of their own. */
  async function withinDeadline(c: Context<PublicEnv>, call: Call, handling: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<Response>()
    let timer = setTimeout(extend, Math.min(ExtendAfterMs, timeoutMs))
    function extend() {
      const leftMs = timeoutMs - ExtendAfterMs
      if (leftMs <= 0) return give()
      c.env?.server?.timeout(c.req.raw, Math.ceil(leftMs / 1000) + 5)
      timer = setTimeout(give, leftMs)
    }
    function give() {
      late.resolve(toResponse(new AppError('deadline-exceeded'), c))
    }
    const answer = await Promise.race([handling, late.promise])
    clearTimeout(timer)
    return finish(c, call, answer ?? undefined)
  }
}
