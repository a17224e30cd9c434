import type { Grant, Quota } from './queries.ts'

/** A lease is to last so many seconds at the rate of use. */
const LeaseSeconds = 20
const LeastWanted = 16
const MostWanted = 2_000

export function keyOf({ accountId, feature }: Quota): string {
  return `${accountId}/${feature}`
}

/** Where a unit was taken from, so that it can be given back. */
export type Purse = { spent: number }

/** Counted from the lease's beginning: spent, told to the database, and drawn, which is the most that may be spent. */
export type Lease = Purse & {
  id: string
  told: number
  drawn: number
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

/** What one instance knows of a quota. Moments are of `performance.now()`. */
export type Account = {
  quota: Quota
  limit: number
  lease: Lease
  refusal: { limit: number; used: number; resetsAt: Date; until: number } | null
  refilling: Promise<void> | null
  refill: { at: number; spent: number }
  beat: { spent: number; idle: number }
}

export function newAccount(quota: Quota, limit: number): Account {
  return {
    quota,
    limit,
    lease: newLease(),
    refusal: null,
    refilling: null,
    refill: { at: performance.now(), spent: 0 },
    beat: { spent: 0, idle: 0 },
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
  return { id: Bun.randomUUIDv7(), spent: 0, told: 0, drawn: 0, endsAt: 0, resetsAt: 0, known: false }
}

/** Whether a unit is drawn, under this very limit: one that was drawn under another is not worth anything. */
export function maySpend({ limit, lease, refilling }: Account, current: number): boolean {
  return lease.spent < lease.drawn && limit === current && refilling === null
}

/** What to throw without asking; null where it must be asked, or is being asked. */
export function refusalOf({ limit, refusal, refilling }: Account): QuotaExhausted | null {
  if (refilling || refusal?.limit !== limit || performance.now() >= refusal.until) return null
  return new QuotaExhausted(limit, refusal.used, refusal.resetsAt)
}

export function take(lease: Lease): Lease {
  lease.spent++
  return lease
}

/** What to ask for at the rate of use since the last refill. */
export function wantedOf({ lease, refill }: Account): number {
  const seconds = Math.max(1, (performance.now() - refill.at) / 1000)
  const wanted = Math.ceil(((lease.spent - refill.spent) / seconds) * LeaseSeconds)
  return Math.min(MostWanted, Math.max(LeastWanted, wanted))
}

/** Takes in what the database granted when it was told of `sent` units; one may have been given back meanwhile. */
export function receive(account: Account, grant: Grant, sent: number): void {
  // It was found dead, or is of another month: what is given back of it now was counted for good.
  if (grant.spent !== sent) account.lease = { ...account.lease, spent: grant.spent }
  const { lease } = account
  lease.told = grant.spent
  lease.drawn = grant.drawn
  lease.resetsAt = grant.resetsAt.getTime()
  lease.endsAt = Math.min(lease.resetsAt, grant.expiresAt.getTime())
  account.refusal = null
  account.refill = { at: performance.now(), spent: lease.spent }
}

/** How many units were spent since the last beat; counts the beats on which none was. */
export function beatOf(account: Account): number {
  const spent = Math.max(0, account.lease.spent - account.beat.spent)
  account.beat = { spent: account.lease.spent, idle: spent > 0 ? 0 : account.beat.idle + 1 }
  return spent
}
