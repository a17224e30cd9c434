import type { Principal } from '../access/principal.ts'
import type { ApiKey } from '../api-keys/verifier.ts'
import type { Origin } from '../audit/actor.ts'
import type { Deps } from '../deps.ts'
import type { AppError, ProblemCode } from '../errors/app-error.ts'
import type { Purse } from '../quotas/lease.ts'
import type { Unit } from '../rate-limits/address-tier.ts'
import type { Tally } from '../rate-limits/result.ts'

type Circumstances = {
  server: Bindings['server']
  timeoutMs: number
  clientIp: (request: Request, peer: string | undefined) => string
}

/** What is known of a request before its handler runs; one object, filled in by the chain. */
export class Call {
  /** `performance.now()` when it came. */
  readonly startedAt = performance.now()
  /** How long the answer took, once there is one. */
  milliseconds = 0
  readonly #request: Request
  readonly #circumstances: Circumstances
  #signal: AbortSignal | undefined
  #left: AbortSignal | undefined
  #ip: string | undefined
  /** The pattern of the route that will answer, e.g. `/v1/entitlements/:feature`; empty when there is none. */
  readonly route: string
  id = ''
  /** Who asks … */
  principal: Principal | null = null
  /** The API key in its bearer, if that is what came. */
  apiKey: ApiKey | null = null
  /** … or why the bearer was refused. */
  refused: AppError | null = null
  /** What it was refused with, or failed with. */
  problem: ProblemCode | null = null
  /** The work was given up because nobody waits for its answer any more. */
  clientClosed = false
  /** The limiter with the least left, told in `RateLimit`. */
  tally: Tally | null = null
  /** Its answer is made while it is read. */
  streams = false
  /** Whether its address was counted, or tried to. */
  addressCounted = false
  /** What it was charged there, where somebody could count. */
  addressUnit: Unit | null = null
  /** The auth tier's count, on the routes that it guards; `unknown` when nobody could count. */
  authTally: Tally | 'unknown' | null = null
  /** What a repeat under the same Idempotency-Key is answered with, where the first answer holds a secret. */
  replay: string | null = null
  /** The version of the password that was given with it and found right. */
  passwordVersion = 0
  /** Where its unit of the monthly quota came from. */
  purse: Purse | null = null
  /** Where its units of features' own monthly limits came from. */
  featurePurses: Purse[] | null = null

  constructor(request: Request, route: string, circumstances: Circumstances) {
    this.#request = request
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
  get client(): Origin {
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

export type PublicEnv = { Bindings: Bindings; Variables: { deps: Deps; call: Call } }

/** Behind `authenticate`, there is somebody. */
export type AuthedEnv = { Bindings: Bindings; Variables: PublicEnv['Variables'] & { principal: Principal } }
