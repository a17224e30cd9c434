import { type Context, type Handler, Hono, type Next } from 'hono'
import type { Deps } from '../deps.ts'
import { Call, type PublicEnv } from '../env.ts'
import { AppError } from '../errors.ts'
import { createCallerDeps } from './caller-deps.ts'
import { createClientIp } from './client-ip.ts'
import { isDocumentation } from './openapi.ts'

/** One link of the chain. A promise costs a request much, so `after` makes none, and `before` only where it must wait. */
export type Step = {
  name: string
  /** Headers with the same value on every answer that does not bring its own. */
  always?: Record<string, string>
  /** Before the handlers. Throws AppError to refuse; a Response answers at once. */
  before?: (c: Context<PublicEnv>, call: Call) => Response | undefined | Promise<Response | undefined>
  /** On every answer, refusals and errors included. */
  after?: (headers: Headers, call: Call, c: Context<PublicEnv>) => void
}

/** A route's handlers, guards included, and the chain around them, as one handler. No route: nothing matches. */
export type Around = (route: string, handlers: readonly Handler[]) => Handler<PublicEnv>

type ToResponse = (error: unknown, c: Context<PublicEnv>) => Response

/** Bun closes a socket on which nothing moved for 10 s; a request still at work after this long is given its whole deadline. */
const ExtendAfterMs = 8_000

/**
 * Answers to HEAD as GET would have given them. Hono takes the body away and with it the length; the server, handed the whole
 * answer, sends the length and no body (RFC 9110 9.3.2).
 */
const whole = new WeakMap<Request, Response>()

/** The one promise of everything that was over when it was asked for. */
const done = Promise.resolve()

/**
 * Puts the chain around every route of `app`, and around what no route matches. Each becomes a single handler, which Hono
 * calls directly: middleware for everything, which it composes anew for every request, costs a third of the throughput.
 * @throws Error for such middleware: it belongs into a step
 */
export function enclose(app: Hono<PublicEnv>, around: Around): void {
  const enclosed = new Hono<PublicEnv>()
  for (const routes of Map.groupBy(app.routes, ({ method, path }) => `${method} ${path}`).values()) {
    const [{ method, path } = { method: 'ALL', path: '' }] = routes
    if (method === 'ALL') throw new Error(`${path} has no method: write a step instead of a middleware`)
    const handlers = routes.map(({ handler }) => handler).filter((handler) => !isDocumentation(handler))
    enclosed.on(method, path, around(path, handlers))
  }
  const unmatched = around('', [])
  enclosed.notFound((c) => unmatched(c, () => done))
  app.fetch = (request, ...rest) => {
    const answer = enclosed.fetch(request, ...rest)
    return request.method === 'HEAD' ? Promise.resolve(answer).then((bare) => whole.get(request) ?? bare) : answer
  }
}

/** Runs the steps in their order around handlers. `toResponse` renders what was thrown. */
export function chain(deps: Deps, steps: readonly Step[], toResponse: ToResponse): Around {
  const befores = steps.flatMap((step) => step.before ?? [])
  const afters = steps.flatMap((step) => step.after ?? [])
  const always = Object.entries(Object.assign({}, ...steps.map((step) => step.always)) as Record<string, string>)
  const json = jsonWith(always)
  /** Nobody else sets the first of them. */
  const isComplete = (headers: Headers) => always[0] === undefined || headers.has(always[0][0])
  const timeoutMs = deps.config.requestTimeoutMs
  const depsOf = createCallerDeps(deps)
  const clientIp = createClientIp(deps.config.trustedProxies)

  return (route, handlers) =>
    function chain(c) {
      const call = new Call(c.req.raw, route, { server: c.env?.server, timeoutMs, clientIp })
      c.set('deps', depsOf(call))
      c.set('call', call)
      c.json = json
      c.header = refuseHeader
      try {
        for (let i = 0; i < befores.length; i++) {
          const answer = befores[i]?.(c, call)
          if (!answer) continue
          if (answer instanceof Response) return finish(c, call, answer)
          return withinDeadline(c, call, goOn(c, call, answer, i + 1, handlers))
        }
      } catch (error) {
        return finish(c, call, toResponse(error, c))
      }
      const handling = handle(c, handlers, 0)
      return handling === done ? finish(c, call) : withinDeadline(c, call, handling)
    }

  /** What is left of a request once a step that waits has ended: the steps from `next` on, then the handlers. */
  async function goOn(
    c: Context<PublicEnv>,
    call: Call,
    waiting: Promise<Response | undefined>,
    next: number,
    handlers: readonly Handler[],
  ): Promise<void> {
    try {
      let answer = await waiting
      for (let i = next; !answer && i < befores.length; i++) answer = await befores[i]?.(c, call)
      if (answer) return take(c, answer)
    } catch (error) {
      return refuse(c, error)
    }
    return handle(c, handlers, 0)
  }

  /**
   * Each handler inside the one before, as Hono's `compose` runs them: what one throws is answered where it was thrown.
   * But a promise is made only where a handler makes one.
   */
  function handle(c: Context<PublicEnv>, handlers: readonly Handler[], index: number): Promise<void> {
    try {
      const handler = handlers[index]
      if (!handler) throw new AppError('not-found')
      const next: Next = () => handle(c, handlers, index + 1)
      const answer: unknown = handler(c, next)
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

  function finish(c: Context<PublicEnv>, call: Call, answer?: Response): Response {
    if (answer) c.res = answer
    const response = c.res
    const { headers } = response
    if (!isComplete(headers)) for (const [name, value] of always) if (!headers.has(name)) headers.set(name, value)
    for (const after of afters) after(headers, call, c)
    if (c.req.method === 'HEAD') whole.set(c.req.raw, response)
    return response
  }

  /** Ends a request whose time is up with a 504. Its handler goes on behind it; its queries have shorter deadlines of their own. */
  async function withinDeadline(c: Context<PublicEnv>, call: Call, handling: Promise<void>): Promise<Response> {
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

/** Hono's `c.json` with the headers that never change copied in one go: set one by one they cost a tenth of the throughput. */
function jsonWith(always: [string, string][]): Context['json'] {
  const template = new Headers([['Content-Type', 'application/json'], ...always])
  function json(object: unknown, status?: number, headers?: Record<string, string>): Response {
    const response = new Response(JSON.stringify(object), { status, headers: template })
    if (headers) for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  }
  // Hono's type tells the client what was sent; nothing of that is there at run time.
  return json as Context['json']
}

/** What `c.json` above would not see must not be lost in silence. */
function refuseHeader(): never {
  throw new Error('give headers to c.json or c.body, or set them on c.res.headers behind next()')
}
