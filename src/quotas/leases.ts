import { neverSent } from '../db/database.ts'
import type { Sql } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Logger } from '../log/logger.ts'
import { createEndedLeases } from './ended-leases.ts'
import type { Account, QuotaUnit } from './lease.ts'
import { applyGrant, demandOf, keyOf, mayConsume, newAccount, nextLease, refusalOf, tickOf, useUnit } from './lease.ts'
import { listContended, type Quota, reportQuotas, takeQuota } from './queries.ts'
import { createUnlimited } from './unlimited.ts'

const defaultTickMs = 1_000
const flushEveryTicks = 5
/** Ticks without use after which a lease is ended; one, where another instance has no unit left. */
const idleTicks = 10
/** The longest wait of a request for units that other instances hold, and the interval of its queries, in milliseconds. */
const defaultWaitMs = 3_000
const retryMs = 100
/** How long a refusal is remembered, in milliseconds, so that repeated requests cost the database nothing. */
const refusedForMs = 2_000

/** `tickMs` and `waitMs` are for tests. */
type Options = { sql: Sql; now: () => number; log: Logger; tickMs?: number; waitMs?: number }
export type Leases = ReturnType<typeof createLeases>

/**
 * Units of monthly quotas, leased from PostgreSQL in batches and consumed in memory. An instance consumes no more than
 * its leases allow, and leased units count as used unless the instance reports fewer: so the limit holds whichever
 * instance dies.
 */
export function createLeases({ sql, now, log, tickMs = defaultTickMs, waitMs = defaultWaitMs }: Options) {
  const accounts = new Map<string, Account>()
  const unlimited = createUnlimited(sql)
  const ended = createEndedLeases(sql)
  let ticks = 0
  let ticking: Promise<void> | null = null
  let flushing: Promise<void> | null = null
  let closing = false
  const counts = { refills: 0, refusals: 0, upkeep: 0 }
  const timer = setInterval(() => {
    ticking ??= tick().finally(() => {
      ticking = null
    })
  }, tickMs)
  timer.unref()

  async function consumeLater(quota: Quota, limit: number): Promise<QuotaUnit> {
    accountOf(quota, limit).limit = limit
    for (;;) {
      // The limit of the latest request is used; requests that waited since before a change keep their own.
      const account = accountOf(quota, limit)
      const refusal = refusalOf(account)
      if (refusal) {
        counts.refusals++
        throw refusal
      }
      account.refilling ??= startRefill(account, demandOf(account))
      await account.refilling
      // A fresh lease is valid whatever the clock; but a tick may just have ended it.
      if (accounts.get(keyOf(quota)) === account && mayConsume(account, account.limit)) return useUnit(account.lease)
    }
  }

  function accountOf(quota: Quota, limit: number): Account {
    const key = keyOf(quota)
    const account = accounts.get(key) ?? newAccount(quota, limit)
    accounts.set(key, account)
    return account
  }

  function startRefill(account: Account, requested: number): Promise<void> {
    return refill(account, requested).finally(() => {
      account.refilling = null
    })
  }

  /** Fetches units for waiting requests. Where others hold the rest, marks the quota as contended, and waits `waitMs`. */
  async function refill(account: Account, requested: number): Promise<void> {
    const { quota } = account
    await flushing
    // The plan had no limit until now.
    if (unlimited.unflushed(quota) > 0) await unlimited.flush()
    const givesUpAt = performance.now() + waitMs
    for (;;) {
      const { limit, lease } = account
      const { id: leaseId, spent } = lease
      lease.known = true
      counts.refills++
      const grant = await takeQuota(sql, { ...quota, leaseId, limit, spent, requested }).catch((error) => {
        // The statement may still arrive later: its lease is ended, so that it changes nothing.
        if (neverSent(error)) lease.usable = 0
        else ended.add(nextLease(account))
        throw error
      })
      if (!grant) throw new AppError('account-disabled')
      if (grant.usable > grant.spent) return applyGrant(account, grant, spent)
      nextLease(account)
      if (grant.heldByOthers === 0 || closing || performance.now() >= givesUpAt) {
        account.refusal = { ...grant, limit, until: performance.now() + refusedForMs }
        return
      }
      await Bun.sleep(retryMs)
    }
  }

  /** Ends leases that are idle, or contended by other instances; every fifth tick reports spent units. Never throws. */
  async function tick(): Promise<void> {
    const flushes = ++ticks % flushEveryTicks === 0
    try {
      if (accounts.size > 0) {
        counts.upkeep++
        const contended = new Set((await listContended(sql)).map(keyOf))
        for (const [key, account] of accounts) adjustLease(key, account, contended.has(key))
      }
      if (await ended.flush()) counts.upkeep++
      if (flushes) await flush()
    } catch (error) {
      if (flushes) log.warn({ err: error }, 'quota usage could not be flushed; it is retried')
    }
  }

  function adjustLease(key: string, account: Account, isWanted: boolean): void {
    if (account.refilling) return
    const spent = tickOf(account)
    if (account.tick.idle >= (isWanted ? 1 : idleTicks)) end(key, account)
    else if (isWanted && account.lease.usable - account.lease.spent > 2 * spent) {
      account.refilling = startRefill(account, 2 * spent)
      account.refilling.catch((error) => log.warn({ err: error }, 'a quota could not be shared; it is tried again'))
    }
  }

  function end(key: string, { lease }: Account): void {
    accounts.delete(key)
    if (lease.known) ended.add(lease)
  }

  /** Reports the units spent since the last report. @throws the database's error; unreported units are kept */
  function flush(): Promise<void> {
    flushing ??= flushLeases().finally(() => {
      flushing = null
    })
    return flushing
  }

  async function flushLeases(): Promise<void> {
    if (await unlimited.flush()) counts.upkeep++
    const changed = [...accounts.values()].filter(
      ({ lease, refilling }) => !refilling && lease.spent !== lease.reported,
    )
    if (changed.length === 0) return
    const reported = changed.map(({ lease }) => ({ lease, leaseId: lease.id, spent: lease.spent }))
    counts.upkeep++
    const renewed = new Map((await reportQuotas(sql, reported)).map(({ id, expiresAt }) => [id, expiresAt.getTime()]))
    for (const { lease, spent } of reported) {
      lease.reported = spent
      lease.endsAt = Math.min(lease.resetsAt, renewed.get(lease.id) ?? 0)
    }
  }

  return {
    /**
     * Consumes a unit of a quota of `limit` a month (null: no limit), at once while this instance holds one.
     * @throws QuotaExhausted; AppError `database-unavailable` and the like when none can be fetched: by its promise
     */
    consume(quota: Quota, limit: number | null): QuotaUnit | Promise<QuotaUnit> {
      const key = keyOf(quota)
      const account = accounts.get(key)
      if (limit === null) {
        if (account && !account.refilling) end(key, account) // Its usable units say nothing of what follows.
        return unlimited.consume(quota)
      }
      if (account && mayConsume(account, limit) && now() < account.lease.endsAt) return useUnit(account.lease)
      return consumeLater(quota, limit)
    },
    /** Refunds a unit, unless its lease has ended. */
    refund(unit: QuotaUnit): void {
      if (unit.spent > 0) unit.spent--
    },
    /** Units consumed here: by the present lease (null: none), reported or not, and unreported ones without a limit. */
    consumed(quota: Quota): { leaseId: string | null; used: number } {
      const lease = accounts.get(keyOf(quota))?.lease
      const live = lease && now() < lease.endsAt ? lease : null
      return { leaseId: live?.id ?? null, used: (live?.spent ?? 0) + unlimited.unflushed(quota) }
    },
    flush,
    stats: () => ({ ...counts, held: [...accounts.values()].filter(({ lease }) => lease.usable > lease.spent).length }),
    /** Ends all leases and stops. Never throws. */
    async close(): Promise<void> {
      clearInterval(timer)
      closing = true
      await ticking
      await Promise.allSettled([...accounts.values()].map(({ refilling }) => refilling))
      for (const [key, account] of accounts) end(key, account)
      await Promise.all([ended.flush(), unlimited.flush()]).catch((error) =>
        log.warn({ err: error }, 'quota usage could not be flushed; leases are returned when they expire'),
      )
    },
  }
}
