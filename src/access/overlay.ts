import type { AccessClaims } from '../auth/tokens.ts'
import type { Overrides } from './rights.ts'

/** A row of authz_changes: what happened to an account's authorisation, with its whole state after it. */
export type AuthzChange = {
  id: string
  at: Date
  accountId: string | null
  version: number | null
  kind: 'state' | 'session-ended' | 'sessions-ended' | 'catalogue'
  role: string | null
  privilegeLevel: number | null
  plan: string | null
  pex: number | null
  overrides: Overrides | null
  status: 'active' | 'locked' | 'deleted' | null
  sessionId: string | null
  exceptSessionId: string | null
  catalogueVersion: number | null
}

/** The newest known state of an account. */
export type LiveState = {
  version: number
  role: string
  plan: string
  pex: number | null
  overrides: Overrides
  status: 'active' | 'locked' | 'deleted'
}

type CutOff = { version: number; exceptSessionId: string | null; seenAt: number }
type Entry = { state: LiveState; endedSessions: Map<string, number>; cutOffs: CutOff[]; seenAt: number }

/**
 * What changed since tokens still alive were issued, in memory. Reading it costs no query; it is what makes a token's
 * claims obey a change at once. States are ordered by version, never by arrival; endings stand beside them and are
 * never displaced.
 */
export class Overlay {
  readonly #entries = new Map<string, Entry>()
  readonly #lifeMs: number

  /** @param accessTtlSeconds a change older than that and 5 minutes can concern no token any more. */
  constructor(accessTtlSeconds: number) {
    this.#lifeMs = (accessTtlSeconds + 300) * 1000
  }

  get size(): number {
    return this.#entries.size
  }

  /** Applies changes in any order, any number of times. `seenAt`: epoch milliseconds from which their age counts. */
  apply(change: AuthzChange, seenAt: number): void {
    if (change.accountId === null || change.version === null) return
    const state: LiveState = {
      version: change.version,
      role: change.role ?? '',
      plan: change.plan ?? '',
      pex: change.pex,
      overrides: change.overrides ?? {},
      status: change.status ?? 'deleted',
    }
    let entry = this.#entries.get(change.accountId)
    if (!entry) {
      entry = { state, endedSessions: new Map(), cutOffs: [], seenAt }
      this.#entries.set(change.accountId, entry)
    }
    if (state.version > entry.state.version) entry.state = state
    entry.seenAt = Math.max(entry.seenAt, seenAt)
    if (change.kind === 'session-ended' && change.sessionId) entry.endedSessions.set(change.sessionId, seenAt)
    if (change.kind === 'sessions-ended' && !entry.cutOffs.some((cutOff) => cutOff.version === change.version))
      entry.cutOffs.push({ version: change.version, exceptSessionId: change.exceptSessionId, seenAt })
  }

  /** The newest known state of an account; undefined when nothing about it changed lately. */
  stateOf(accountId: string): LiveState | undefined {
    return this.#entries.get(accountId)?.state
  }

  /** Why a token is no longer good, or the state that has overtaken it, or undefined when it still says the truth. */
  judge(claims: AccessClaims): 'account-disabled' | 'session-revoked' | LiveState | undefined {
    const entry = this.#entries.get(claims.sub)
    if (!entry) return undefined
    const { state, endedSessions, cutOffs } = entry
    if (state.version > claims.ver && state.status !== 'active') return 'account-disabled'
    if (endedSessions.has(claims.sid)) return 'session-revoked'
    for (const cutOff of cutOffs)
      if (claims.ver < cutOff.version && claims.sid !== cutOff.exceptSessionId) return 'session-revoked'
    return state.version > claims.ver ? state : undefined
  }

  /** Forgets what no living token can predate. */
  sweep(nowMs: number): void {
    const oldest = nowMs - this.#lifeMs
    for (const [accountId, entry] of this.#entries) {
      if (entry.seenAt < oldest) {
        this.#entries.delete(accountId)
        continue
      }
      for (const [sessionId, seenAt] of entry.endedSessions) if (seenAt < oldest) entry.endedSessions.delete(sessionId)
      entry.cutOffs = entry.cutOffs.filter((cutOff) => cutOff.seenAt >= oldest)
    }
  }
}
