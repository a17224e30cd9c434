import type { Context } from 'hono'
import type { ProblemCode } from '../errors/app-error.ts'

/** Where a request came from; with the API key that its actor used, if one was. */
export type Origin = { ip: string; userAgent: string | null; requestId: string; apiKeyId?: string }

/** What the service is made of, for `c.get('deps')`; declared where it is put together. */
// biome-ignore lint/suspicious/noEmptyInterface: declared where the rooms are put together
export interface Services {}

type Circumstances = {
  server: Bindings['server']
  timeoutMs: number
  clientIp: (request: Request, peer: string | undefined) => string
}

/**
 * What is known of a request before its handler runs; one object, filled in by the chain. Rooms above declare what they
 * keep in it themselves (`declare module`): such a member is absent until they set it.
 */
export class RequestContext {
  /** `performance.now()` when it came. */
  readonly startedAt = performance.now()
  readonly method: string
  /** How long the answer took, and its status for log and figures, once there is one. */
  milliseconds = 0
  status = 0
  readonly #request: Request
  readonly #circumstances: Circumstances
  #signal: AbortSignal | undefined
  #left: AbortSignal | undefined
  #ip: string | undefined
  /** The pattern of the route that will answer, e.g. `/v1/entitlements/:feature`; empty when there is none. */
  readonly route: string
  id = ''
  /** What it was refused with, or failed with. */
  problem: ProblemCode | null = null
  /** The work was given up because nobody waits for its answer any more. */
  clientClosed = false
  /** Its answer is made while it is read. */
  streams = false

  constructor(request: Request, route: string, circumstances: Circumstances) {
    this.#request = request
    this.method = request.method
    this.route = route
    this.#circumstances = circumstances
  }

  /** The client's address: the socket's, or what trusted proxies say. Asked for only where it matters. */
  get ip(): string {
    const { server, clientIp } = this.#circumstances
    this.#ip ??= clientIp(this.#request, server?.requestIP(this.#request)?.address)
    return this.#ip
  }

  /** Aborts when the request's deadline passes or the client leaves. */
  get signal(): AbortSignal {
    if (this.#signal) return this.#signal
    const leftMs = Math.max(0, this.startedAt + this.#circumstances.timeoutMs - performance.now())
    this.#signal = AbortSignal.any([this.left, AbortSignal.timeout(leftMs)])
    return this.#signal
  }

  /** Aborts when the client leaves, or Bun closes its connection. Asked for later than that, it would not tell. */
  get left(): AbortSignal {
    this.#left ??= this.#request.signal
    return this.#left
  }

  /** Whether the client left before the answer; known where `signal` or `left` was asked for. */
  get abandoned(): boolean {
    return this.#left?.aborted ?? false
  }

  /** Where the request came from, as services and the audit trail want it. */
  get origin(): Origin {
    return {
      ip: this.ip,
      userAgent: this.#request.headers.get('user-agent')?.slice(0, 512) ?? null,
      requestId: this.id,
      ...(this.principal?.apiKeyId && { apiKeyId: this.principal.apiKeyId }),
    }
  }
}

/** What Bun.serve hands over; absent when a test calls the app without a socket. */
export type Bindings = {
  server?: { requestIP(request: Request): { address: string } | null; timeout(request: Request, seconds: number): void }
  /** The path was sent in another spelling than the one that the URL shows, or no route is known for it as it was sent. */
  readonly spelling?: 'another' | 'unknown'
}

export type PublicEnv = { Bindings: Bindings; Variables: { deps: Services; context: RequestContext } }

const contextKey = Symbol('context')
type WithContext = { [contextKey]?: RequestContext }

/** Keeps what is known of a request: for handlers as `c.get('context')`, for what runs on every request as `contextOf(c)`. */
export function setContext(c: Context<PublicEnv>, context: RequestContext): void {
  c.set('context', context)
  ;(c as WithContext)[contextKey] = context
}

/** The same as `c.get('context')`, without a look-up: a dozen middlewares ask for it on every request. */
export function contextOf<E extends PublicEnv>(c: Context<E>): RequestContext {
  return (c as WithContext)[contextKey] ?? c.get('context')
}
