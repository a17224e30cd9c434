import { neverSent } from '../db/database.ts'
import type { Sql } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Logger } from '../log/logger.ts'
import { createEndedLeases } from './ended-leases.ts'
import type { Account, Purse } from './lease.ts'
import { beatOf, keyOf, leaveLease, maySpend, newAccount, receive, refusalOf, take, wantedOf } from './lease.ts'
import type { Quota } from './queries.ts'
import { listWanted, settleQuotas, takeQuota } from './queries.ts'
import { createUnlimited } from './unlimited.ts'

const BeatMs = 1_000
const SettleEveryBeats = 5
/** What nobody spent from for so many beats is given back; after one where another instance has none left. */
const IdleBeats = 10
/** How long a request waits for units that others hold, and how often it asks meanwhile. */
const PatienceMs = 3_000
const AskAgainMs = 100
/** A refusal holds for so long: who hammers at a quota must not hammer at the database. */
const RefusedForMs = 2_000

/** How long its second is, and its patience, is for tests to say. */
type Needs = { sql: Sql; now: () => number; log: Logger; beatMs?: number; patienceMs?: number }
export type Leases = ReturnType<typeof createLeases>

/**
 * Units of monthly quotas, leased from PostgreSQL by the batch and spent in memory. Never more is spent than is drawn
 * there, and what is drawn counts as used unless this instance says otherwise: so whoever dies, the limit is never passed.
 */
export function createLeases({ sql, now, log, beatMs = BeatMs, patienceMs = PatienceMs }: Needs) {
  const accounts = new Map<string, Account>()
  const unlimited = createUnlimited(sql)
  const ended = createEndedLeases(sql)
  let beats = 0
  let beating: Promise<void> | null = null
  let settling: Promise<void> | null = null
  let closing = false
  const counts = { refills: 0, refusals: 0, upkeep: 0 }
  const timer = setInterval(() => {
    beating ??= beat().finally(() => {
      beating = null
    })
  }, beatMs)
  timer.unref()

  async function spendLater(quota: Quota, limit: number): Promise<Purse> {
    accountOf(quota, limit).limit = limit
    for (;;) {
      // Whoever came last knows the limit best; those who wait since before it changed are judged by theirs.
      const account = accountOf(quota, limit)
      const refusal = refusalOf(account)
      if (refusal) {
        counts.refusals++
        throw refusal
      }
      account.refilling ??= startRefill(account, wantedOf(account))
      await account.refilling
      // Fresh, so whatever the clock says; but a beat may have given it back just now.
      if (accounts.get(keyOf(quota)) === account && maySpend(account, account.limit)) return take(account.lease)
    }
  }

  function accountOf(quota: Quota, limit: number): Account {
    const key = keyOf(quota)
    const account = accounts.get(key) ?? newAccount(quota, limit)
    accounts.set(key, account)
    return account
  }

  function startRefill(account: Account, wanted: number): Promise<void> {
    return refill(account, wanted).finally(() => {
      account.refilling = null
    })
  }

  /** One for all who wait. Where others hold what is left, the database asks them for it, and this waits a little. */
  async function refill(account: Account, wanted: number): Promise<void> {
    const { quota } = account
    await settling
    // The plan had no limit until just now.
    if (unlimited.unsettled(quota) > 0) await unlimited.flush()
    const givesUpAt = performance.now() + patienceMs
    for (;;) {
      const { limit, lease } = account
      const { id: leaseId, spent } = lease
      lease.known = true
      counts.refills++
      const grant = await takeQuota(sql, { ...quota, leaseId, limit, spent, wanted }).catch((error) => {
        // It may still arrive, at any time, and say again what was true when it was sent.
        if (neverSent(error)) lease.drawn = 0
        else ended.add(leaveLease(account))
        throw error
      })
      if (!grant) throw new AppError('account-disabled')
      if (grant.drawn > grant.spent) return receive(account, grant, spent)
      leaveLease(account)
      if (grant.elsewhere === 0 || closing || performance.now() >= givesUpAt) {
        account.refusal = { ...grant, limit, until: performance.now() + RefusedForMs }
        return
      }
      await Bun.sleep(AskAgainMs)
    }
  }

  /** Gives back what is idle or wanted elsewhere, and every fifth time tells what was spent. Never throws. */
  async function beat(): Promise<void> {
    const settles = ++beats % SettleEveryBeats === 0
    try {
      if (accounts.size > 0) {
        counts.upkeep++
        const wanted = new Set((await listWanted(sql)).map(keyOf))
        for (const [key, account] of accounts) look(key, account, wanted.has(key))
      }
      if (await ended.flush()) counts.upkeep++
      if (settles) await settle()
    } catch (error) {
      if (settles) log.warn({ err: error }, 'quotas could not be settled; it is tried again')
    }
  }

  function look(key: string, account: Account, isWanted: boolean): void {
    if (account.refilling) return
    const spent = beatOf(account)
    if (account.beat.idle >= (isWanted ? 1 : IdleBeats)) end(key, account)
    else if (isWanted && account.lease.drawn - account.lease.spent > 2 * spent) {
      account.refilling = startRefill(account, 2 * spent)
      account.refilling.catch((error) => log.warn({ err: error }, 'a quota could not be shared; it is tried again'))
    }
  }

  function end(key: string, { lease }: Account): void {
    accounts.delete(key)
    if (lease.known) ended.add(lease)
  }

  /** Tells what was spent since it was last told. @throws the database's error; what could not be told is kept */
  function settle(): Promise<void> {
    settling ??= settleLeases().finally(() => {
      settling = null
    })
    return settling
  }

  async function settleLeases(): Promise<void> {
    if (await unlimited.flush()) counts.upkeep++
    const changed = [...accounts.values()].filter(({ lease, refilling }) => !refilling && lease.spent !== lease.told)
    if (changed.length === 0) return
    const told = changed.map(({ lease }) => ({ lease, leaseId: lease.id, spent: lease.spent }))
    counts.upkeep++
    const renewed = new Map((await settleQuotas(sql, told)).map(({ id, expiresAt }) => [id, expiresAt.getTime()]))
    for (const { lease, spent } of told) {
      lease.told = spent
      lease.endsAt = Math.min(lease.resetsAt, renewed.get(lease.id) ?? 0)
    }
  }

  return {
    /**
     * A unit of a quota of `limit` a month (null: no limit), at once while one is drawn here.
     * @throws QuotaExhausted; AppError `database-unavailable` and the like when none can be fetched: by its promise
     */
    spend(quota: Quota, limit: number | null): Purse | Promise<Purse> {
      const key = keyOf(quota)
      const account = accounts.get(key)
      if (limit === null) {
        if (account && !account.refilling) end(key, account) // What it drew says nothing of what follows.
        return unlimited.spend(quota)
      }
      if (account && maySpend(account, limit) && now() < account.lease.endsAt) return take(account.lease)
      return spendLater(quota, limit)
    },
    /** Undoes a spending, unless its lease has ended. */
    giveBack(purse: Purse): void {
      if (purse.spent > 0) purse.spent--
    },
    /** What was spent here and the database was not told yet. */
    unsettled(quota: Quota): number {
      const lease = accounts.get(keyOf(quota))?.lease
      return (lease ? lease.spent - lease.told : 0) + unlimited.unsettled(quota)
    },
    settle,
    stats: () => ({ ...counts, held: [...accounts.values()].filter(({ lease }) => lease.drawn > lease.spent).length }),
    /** Gives back everything and stops. Never throws. */
    async close(): Promise<void> {
      clearInterval(timer)
      closing = true
      await beating
      await Promise.allSettled([...accounts.values()].map(({ refilling }) => refilling))
      for (const [key, account] of accounts) end(key, account)
      await Promise.all([ended.flush(), unlimited.flush()]).catch((error) =>
        log.warn({ err: error }, 'quotas could not be settled; leases come back when they expire'),
      )
    },
  }
}
