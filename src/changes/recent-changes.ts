import type { AuthzChange } from '../access/authz-change.ts'
import type { AccessClaims } from '../access/claims.ts'
import type { AuthzState } from '../access/rights.ts'

type CutOff = { version: number; exceptSessionId: string | null }
/** Most accounts that change end no session: for them no map is kept. */
type Entry = { state: AuthzState; endedSessions: Map<string, number> | null; cutOffs: CutOff[]; seenAt: number }

const noCutOffs: CutOff[] = []

/**
 * What changed since tokens still alive were issued, in memory. Reading it costs no query; it is what makes a token's
 * claims obey a change at once. States are ordered by version, never by arrival; endings stand beside them and are
 * never displaced.
 */
export class RecentChanges {
  readonly #entries = new Map<string, Entry>()
  readonly #lifeMs: number

  /** @param accessTtlSeconds a change older than that and 5 minutes can concern no token any more. */
  constructor(accessTtlSeconds: number) {
    this.#lifeMs = (accessTtlSeconds + 300) * 1000
  }

  get size(): number {
    return this.#entries.size
  }

  /** Forgets everything: before what is known is read from the table again. */
  clear(): void {
    this.#entries.clear()
  }

  /**
   * Applies changes in any order, any number of times. `seenAt`: when its age begins, in milliseconds of
   * `performance.now()`: a step of the host's clock must not make an instance forget.
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

  /** The newest known state of an account; undefined when nothing about it changed lately. */
  stateOf(accountId: string): AuthzState | undefined {
    return this.#entries.get(accountId)?.state
  }

  /** Why a token is no longer good, or the state that has overtaken it, or undefined when it still says the truth. */
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

  /** Forgets what no living token can predate. `now`: of the same clock as `seenAt`. */
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
 * The highest cut-off and the highest with another exception: together they refuse whatever all of them would, so that an
 * account that logs out everywhere again and again does not grow.
 */
function withCutOff(cutOffs: CutOff[], added: CutOff): CutOff[] {
  const [first = added, ...others] = [...cutOffs, added].sort((a, b) => b.version - a.version)
  const second = others.find(({ exceptSessionId }) => exceptSessionId !== first.exceptSessionId)
  return second ? [first, second] : [first]
}
