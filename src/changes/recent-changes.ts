import type { AuthzChange } from '../access/authz-change.ts'
import type { AccessClaims } from '../access/claims.ts'
import type { AuthzState } from '../access/rights.ts'

type CutOff = { version: number; exceptSessionId: string | null }
/** Most changes end no session, so the map is made only when needed. */
type Entry = { state: AuthzState; endedSessions: Map<string, number> | null; cutOffs: CutOff[]; seenAt: number }

const noCutOffs: CutOff[] = []

/**
 * Changes since the issue of tokens that are still valid, in memory, without queries: they override a token's claims at
 * once. States are ordered by version, never by arrival; ended sessions are stored beside the state and never displaced
 * by it.
 */
export class RecentChanges {
  readonly #entries = new Map<string, Entry>()
  readonly #lifeMs: number

  /** @param accessTtlSeconds changes older than this and 5 minutes concern no token */
  constructor(accessTtlSeconds: number) {
    this.#lifeMs = (accessTtlSeconds + 300) * 1000
  }

  get size(): number {
    return this.#entries.size
  }

  /** Deletes everything, before it is read from the table again. */
  clear(): void {
    this.#entries.clear()
  }

  /**
   * Applies changes in any order, any number of times. `seenAt`: the beginning of the change's age, in milliseconds of
   * `performance.now()`, so that a step of the host's clock deletes nothing.
   */
  apply(change: AuthzChange, seenAt: number): void {
    if (change.accountId === null || change.version === null) return
    const state: AuthzState = {
      version: change.version,
      role: change.role ?? '',
      plan: change.plan ?? '',
      planExpiresAt: change.planExpiresAt,
      overrides: change.overrides ?? {},
      status: change.status ?? 'deleted',
      payerId: change.payerId,
    }
    let entry = this.#entries.get(change.accountId)
    if (!entry) {
      entry = { state, endedSessions: null, cutOffs: noCutOffs, seenAt }
      this.#entries.set(change.accountId, entry)
    }
    if (state.version > entry.state.version) entry.state = state
    entry.seenAt = Math.max(entry.seenAt, seenAt)
    if (change.kind === 'session-ended' && change.sessionId) {
      entry.endedSessions ??= new Map()
      entry.endedSessions.set(change.sessionId, seenAt)
    }
    if (change.kind === 'sessions-ended')
      entry.cutOffs = withCutOff(entry.cutOffs, { version: change.version, exceptSessionId: change.exceptSessionId })
  }

  /** The newest known state of an account; undefined when nothing about it changed recently. */
  stateOf(accountId: string): AuthzState | undefined {
    return this.#entries.get(accountId)?.state
  }

  /** Why a token is no longer valid, or the newer state that overrides it; undefined when its claims are current. */
  verify(claims: AccessClaims): 'account-disabled' | 'session-revoked' | AuthzState | undefined {
    const entry = this.#entries.get(claims.sub)
    if (!entry) return undefined
    const { state, endedSessions, cutOffs } = entry
    if (state.version > claims.ver && state.status !== 'active') return 'account-disabled'
    if (endedSessions?.has(claims.sid)) return 'session-revoked'
    for (const cutOff of cutOffs)
      if (claims.ver < cutOff.version && claims.sid !== cutOff.exceptSessionId) return 'session-revoked'
    return state.version > claims.ver ? state : undefined
  }

  /** Deletes changes that are older than every valid token. `now`: by the same clock as `seenAt`. */
  sweep(now: number): void {
    const oldest = now - this.#lifeMs
    for (const [accountId, entry] of this.#entries) {
      if (entry.seenAt < oldest) {
        this.#entries.delete(accountId)
        continue
      }
      if (entry.endedSessions)
        for (const [sessionId, seenAt] of entry.endedSessions)
          if (seenAt < oldest) entry.endedSessions.delete(sessionId)
    }
  }
}

/**
 * Keeps the highest cut-off and the highest with another exception: together they refuse whatever all cut-offs would,
 * so the memory of an account that logs out everywhere again and again stays bounded.
 */
function withCutOff(cutOffs: CutOff[], added: CutOff): CutOff[] {
  const [first = added, ...others] = [...cutOffs, added].sort((a, b) => b.version - a.version)
  const second = others.find(({ exceptSessionId }) => exceptSessionId !== first.exceptSessionId)
  return second ? [first, second] : [first]
}
