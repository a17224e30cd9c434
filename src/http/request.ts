import type { Context } from 'hono'
import type { ProblemCode } from '../errors/app-error.ts'

/** The address and client of a request, and the API key that it used. */
export type Origin = { ip: string; userAgent: string | null; requestId: string; apiKeyId?: string }

/** The type of `c.get('deps')`; `src/app-deps.ts` declares its members. */
// biome-ignore lint/suspicious/noEmptyInterface: declared where the rooms are put together
export interface Services {}

type Options = {
  server: Bindings['server']
  timeoutMs: number
  clientIp: (request: Request, peer: string | undefined) => string
}

/**
 * State of one request, set by the middleware of every request. Higher rooms declare their own members (`declare
 * module`), which are absent until they are set.
 */
export class RequestContext {
  /** `performance.now()` at the start. */
  readonly startedAt = performance.now()
  readonly method: string
  /** Duration and status for log and metrics, once there is an answer. */
  milliseconds = 0
  status = 0
  readonly #request: Request
  readonly #options: Options
  #signal: AbortSignal | undefined
  #left: AbortSignal | undefined
  #ip: string | undefined
  /** The pattern of the matched route, such as `/v1/entitlements/:feature`; empty when there is none. */
  readonly route: string
  id = ''
  /** The code of the problem that was answered. */
  problem: ProblemCode | null = null
  /** The client disconnected before the answer, and the work was aborted. */
  clientClosed = false
  /** The answer is a stream. */
  streams = false

  constructor(request: Request, route: string, options: Options) {
    this.#request = request
    this.method = request.method
    this.route = route
    this.#options = options
  }

  /** The client's address: that of the socket, or the one that trusted proxies name. Computed when first read. */
  get ip(): string {
    const { server, clientIp } = this.#options
    this.#ip ??= clientIp(this.#request, server?.requestIP(this.#request)?.address)
    return this.#ip
  }

  /** Aborts when the request's deadline passes or the client disconnects. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal
    const leftMs = Math.max(0, this.startedAt + this.#options.timeoutMs - performance.now())
    this.#signal = AbortSignal.any([this.left, AbortSignal.timeout(leftMs)])
    return this.#signal
  }

  /** Aborts when the client disconnects, or Bun closes its connection. It must be read before that happens. */
  get left(): AbortSignal {
    this.#left ??= this.#request.signal
    return this.#left
  }

  /** Whether the client disconnected before the answer; known only after `signal` or `left` was read. */
  get abandoned(): boolean {
    return this.#left?.aborted ?? false
  }

  /** The origin, for services and the audit trail. */
  get origin(): Origin {
    return {
      ip: this.ip,
      userAgent: this.#request.headers.get('user-agent')?.slice(0, 512) ?? null,
      requestId: this.id,
      ...(this.principal?.apiKeyId && { apiKeyId: this.principal.apiKeyId }),
    }
  }
}

/** The bindings that Bun.serve passes; absent when a test calls the app without a socket. */
export type Bindings = {
  server?: { requestIP(request: Request): { address: string } | null; timeout(request: Request, seconds: number): void }
  /** `another`: the path was sent in another spelling than `request.url` shows; `unknown`: as sent, it has no route. */
  readonly spelling?: 'another' | 'unknown'
}

export type PublicEnv = { Bindings: Bindings; Variables: { deps: Services; context: RequestContext } }

const contextKey = Symbol('context')
type WithContext = { [contextKey]?: RequestContext }

/** Stores the context: handlers read `c.get('context')`, middleware of every request `contextOf(c)`. */
export function setContext(c: Context<PublicEnv>, context: RequestContext): void {
  c.set('context', context)
  ;(c as WithContext)[contextKey] = context
}

/** Same as `c.get('context')`, but faster: a dozen middlewares call it on every request. */
export function contextOf<E extends PublicEnv>(c: Context<E>): RequestContext {
  return (c as WithContext)[contextKey] ?? c.get('context')
}
