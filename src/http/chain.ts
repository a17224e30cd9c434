import type { Context, MiddlewareHandler, Next } from 'hono'
import type { Deps } from '../deps.ts'
import { Call, type PublicEnv } from '../env.ts'
import { AppError } from '../errors.ts'
import { createClientIp } from './client-ip.ts'

/** One link of the chain. Both parts are synchronous where they can be: an `await` costs every request. */
export type Step = {
  name: string
  /** Before the handler. Throws AppError to refuse; a Response answers at once. */
  before?: (c: Context<PublicEnv>, call: Call) => Response | undefined | Promise<Response | undefined>
  /** On every answer, refusals and errors included. */
  after?: (headers: Headers, call: Call, c: Context<PublicEnv>) => void
}

/** Bun closes a socket on which nothing moved for 10 s; a request still at work after this long is given its whole deadline. */
const ExtendAfterMs = 8_000

/**
 * Runs the steps in their order around the handler, all in one middleware: ten separate ones would cost half of the
 * throughput. `toResponse` renders what was thrown.
 */
export function chain(deps: Deps, steps: readonly Step[], toResponse: (error: unknown, c: Context<PublicEnv>) => Response): MiddlewareHandler<PublicEnv> {
  const befores = steps.flatMap((step) => step.before ?? [])
  const afters = steps.flatMap((step) => step.after ?? [])
  const timeoutMs = deps.config.requestTimeoutMs
  const clientIp = createClientIp(deps.config.trustedProxies)

  // Not async: every promise on this path costs every request.
  return function chain(c, next) {
    const call = new Call(c.req.raw, timeoutMs, () => clientIp(c.req.raw, c.env?.server?.requestIP(c.req.raw)?.address))
    c.set('deps', deps)
    c.set('call', call)
    try {
      const answer = runBefores(c, call, 0)
      if (answer instanceof Promise) return answer.then((response) => (response ? finish(c, call, response) : proceed(c, call, next))).catch((error) => finish(c, call, toResponse(error, c)))
      return answer ? finish(c, call, answer) : proceed(c, call, next)
    } catch (error) {
      return finish(c, call, toResponse(error, c))
    }
  }

  function runBefores(c: Context<PublicEnv>, call: Call, from: number): Response | undefined | Promise<Response | undefined> {
    for (let i = from; i < befores.length; i++) {
      const answer = befores[i]?.(c, call)
      if (answer instanceof Promise) return answer.then((response) => response ?? runBefores(c, call, i + 1))
      if (answer) return answer
    }
    return undefined
  }

  function finish(c: Context<PublicEnv>, call: Call, answer?: Response): Promise<void> {
    if (answer) c.res = answer
    const { headers } = c.res
    for (const after of afters) after(headers, call, c)
    return done
  }

  /** Runs the handler within the deadline. It goes on behind a 504; its queries have shorter deadlines of their own. */
  function proceed(c: Context<PublicEnv>, call: Call, next: Next): Promise<void> {
    return new Promise((resolve) => {
      let timer = setTimeout(extend, Math.min(ExtendAfterMs, timeoutMs))
      let finished = false
      function end(answer?: Response) {
        if (finished) return
        finished = true
        clearTimeout(timer)
        resolve(finish(c, call, answer))
      }
      function extend() {
        const leftMs = timeoutMs - ExtendAfterMs
        if (leftMs <= 0) return give()
        c.env?.server?.timeout(c.req.raw, Math.ceil(leftMs / 1000) + 5)
        timer = setTimeout(give, leftMs)
      }
      function give() {
        end(toResponse(new AppError('deadline-exceeded'), c))
      }
      next().then(
        () => end(),
        (error) => end(toResponse(error, c)),
      )
    })
  }
}

const done = Promise.resolve()
