import type { Grant, Quota } from './queries.ts'

/** A lease is meant to last this many seconds at the present rate of use. */
const leaseSeconds = 20
const minRequested = 16
const maxRequested = 2_000

/** The key of an account and feature. */
export function keyOf({ accountId, feature }: Quota): string {
  return `${accountId}/${feature}`
}

/** Where a unit was consumed, so that it can be refunded. */
export type QuotaUnit = { spent: number }

/** Counts from the lease's beginning: spent, reported to the database, and usable, which is the most that may be spent. */
export type Lease = QuotaUnit & {
  id: string
  reported: number
  usable: number
  /** Epoch milliseconds by the database's clock: of the lease, and of its month. */
  endsAt: number
  resetsAt: number
  /** The database may have heard of it. */
  known: boolean
}

/** No unit is left until `resetsAt`. `used` counts what other instances hold. */
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

/** What one instance knows of a quota, which whoever shares it consumes. Moments are of `performance.now()`. */
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

/** Goes on with a new lease. @returns the one that was left */
export function leaveLease(account: Account): Lease {
  const { lease } = account
  account.lease = newLease()
  account.refill = { at: performance.now(), spent: 0 }
  return lease
}

function newLease(): Lease {
  return { id: Bun.randomUUIDv7(), spent: 0, reported: 0, usable: 0, endsAt: 0, resetsAt: 0, known: false }
}

/** Whether a unit is usable under the current limit; those granted under another are void. */
export function mayConsume({ limit, lease, refilling }: Account, current: number): boolean {
  return lease.spent < lease.usable && limit === current && refilling === null
}

/** The refusal that is still remembered; null where the database must be asked, or is being asked. */
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
  const wanted = Math.ceil(((lease.spent - refill.spent) / seconds) * leaseSeconds)
  return Math.min(maxRequested, Math.max(minRequested, wanted))
}

/** Applies what the database granted for a report of `sent` units; some may have been refunded meanwhile. */
export function applyGrant(account: Account, grant: Grant, sent: number): void {
  // The lease had expired or is of another month: what is refunded of it now stays counted.
  if (grant.spent !== sent) account.lease = { ...account.lease, spent: grant.spent }
  const { lease } = account
  lease.reported = grant.spent
  lease.usable = grant.usable
  lease.resetsAt = grant.resetsAt.getTime()
  lease.endsAt = Math.min(lease.resetsAt, grant.expiresAt.getTime())
  account.refusal = null
  account.refill = { at: performance.now(), spent: lease.spent }
}

/** How many units were spent since the last tick; counts the ticks on which none was. */
export function tickOf(account: Account): number {
  const spent = Math.max(0, account.lease.spent - account.tick.spent)
  account.tick = { spent: account.lease.spent, idle: spent > 0 ? 0 : account.tick.idle + 1 }
  return spent
}
