import type { Grant, Quota } from './queries.ts'

/** The duration, in seconds, for which a lease is requested at the present rate of use. */
const leaseSeconds = 20
const minRequested = 16
const maxRequested = 2_000

/** The key of an account and feature. */
export function keyOf({ accountId, feature }: Quota): string {
  return `${accountId}/${feature}`
}

/** The lease that a unit was taken from, for its refund. */
export type QuotaUnit = { spent: number }

/** Counts since the lease's beginning: spent, reported to the database, and usable, the most that may be spent. */
export type Lease = QuotaUnit & {
  id: string
  reported: number
  usable: number
  /** Epoch milliseconds by the database's clock: the end of the lease, and of its month. */
  endsAt: number
  resetsAt: number
  /** Whether the lease may be stored in the database. */
  known: boolean
}

/** No unit is left until `resetsAt`. `used` includes units that other instances hold. */
export class QuotaExhausted extends Error {
  override readonly name = 'QuotaExhausted'

  readonly limit: number
  readonly used: number
  readonly resetsAt: Date

  constructor(limit: number, used: number, resetsAt: Date) {
    super(`${used} of ${limit} units are used`)
    this.limit = limit
    this.used = used
    this.resetsAt = resetsAt
  }
}

/** The state of a quota on one instance, for all accounts that share it. Times are of `performance.now()`. */
export type Account = {
  quota: Quota
  limit: number
  lease: Lease
  refusal: { limit: number; used: number; resetsAt: Date; until: number } | null
  refilling: Promise<void> | null
  refill: { at: number; spent: number }
  tick: { spent: number; idle: number }
}

/** The state of one account and feature on this instance, without units. */
export function newAccount(quota: Quota, limit: number): Account {
  return {
    quota,
    limit,
    lease: newLease(),
    refusal: null,
    refilling: null,
    refill: { at: performance.now(), spent: 0 },
    tick: { spent: 0, idle: 0 },
  }
}

/** Begins a new lease. @returns the one before */
export function nextLease(account: Account): Lease {
  const { lease } = account
  account.lease = newLease()
  account.refill = { at: performance.now(), spent: 0 }
  return lease
}

function newLease(): Lease {
  return { id: Bun.randomUUIDv7(), spent: 0, reported: 0, usable: 0, endsAt: 0, resetsAt: 0, known: false }
}

/** Whether a unit is usable under the present limit; units granted under another limit are void. */
export function mayConsume({ limit, lease, refilling }: Account, current: number): boolean {
  return lease.spent < lease.usable && limit === current && refilling === null
}

/** The refusal that is still remembered; null where the database must be queried, or is. */
export function refusalOf({ limit, refusal, refilling }: Account): QuotaExhausted | null {
  if (refilling || refusal?.limit !== limit || performance.now() >= refusal.until) return null
  return new QuotaExhausted(limit, refusal.used, refusal.resetsAt)
}

/** Uses one unit; call mayConsume before. @returns the lease that it was taken from, for a refund */
export function useUnit(lease: Lease): Lease {
  lease.spent++
  return lease
}

/** The number of units to request: 20 s of use at the rate since the last refill. */
export function demandOf({ lease, refill }: Account): number {
  const seconds = Math.max(1, (performance.now() - refill.at) / 1000)
  const demand = Math.ceil(((lease.spent - refill.spent) / seconds) * leaseSeconds)
  return Math.min(maxRequested, Math.max(minRequested, demand))
}

/** Applies the grant of the database for a report of `sent` units; some may have been refunded meanwhile. */
export function applyGrant(account: Account, grant: Grant, sent: number): void {
  // The lease had expired or is of another month: units refunded from now on stay counted.
  if (grant.spent !== sent) account.lease = { ...account.lease, spent: grant.spent }
  const { lease } = account
  lease.reported = grant.spent
  lease.usable = grant.usable
  lease.resetsAt = grant.resetsAt.getTime()
  lease.endsAt = Math.min(lease.resetsAt, grant.expiresAt.getTime())
  account.refusal = null
  account.refill = { at: performance.now(), spent: lease.spent }
}

/** The units spent since the last tick; counts the ticks without any. */
export function tickOf(account: Account): number {
  const spent = Math.max(0, account.lease.spent - account.tick.spent)
  account.tick = { spent: account.lease.spent, idle: spent > 0 ? 0 : account.tick.idle + 1 }
  return spent
}
