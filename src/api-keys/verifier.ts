import type { ApiKey } from '../access/principal.ts'
import { parseNetwork } from '../addresses/networks.ts'
import { BoundedMap } from '../async/bounded-map.ts'
import type { Caller } from '../async/caller.ts'
import { createSemaphore } from '../async/semaphore.ts'
import { createWriteBehind } from '../async/write-behind.ts'
import type { RecentChanges } from '../changes/recent-changes.ts'
import { hashToken } from '../crypto/hash.ts'
import type { Sql, Tx } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import { isApiKey } from './format.ts'
import { deleteApiKeys, findApiKey, updateLastUsed } from './queries.ts'

/** Entries of each cache, found keys and unknown keys: about 10 MB each. */
const maxRemembered = 10_000
const maxUses = 20_000
const flushEveryMs = 5_000
const maxLookUpsWaiting = 1_000

type Refusal = 'invalid-token' | 'account-disabled'
type Found = ApiKey & { expiresAtMs: number }
/** The result of one look-up, and when it began. */
type Reading = { readAt: number; found: Found | null }

type Options = {
  sql: Sql
  recentChanges: RecentChanges
  log: Logger
  /** The database's time, in milliseconds. */
  now: () => number
  /**
   * How long a result may be cached: the lifetime of an access token. RecentChanges holds changes for 5 minutes longer.
   */
  lifeSeconds: number
  /** How many look-ups may run at once, and how long one may wait for its turn, in milliseconds. */
  lookUps: number
  waitMs: number
}

export type ApiKeys = ReturnType<typeof createApiKeys>

/**
 * Verifies API keys. The first use of a key costs one query. The result is cached for the lifetime of an access token,
 * and read again once RecentChanges has a newer state of the owner; deleting a key creates one. So every change applies
 * from the next request after the feed delivered it.
 */
export function createApiKeys({ sql, recentChanges, log, now, lifeSeconds, lookUps, waitMs }: Options) {
  const known = new BoundedMap<string, Reading>(maxRemembered)
  const unknown = new BoundedMap<string, Reading>(maxRemembered)
  const reading = new Map<string, Promise<Reading>>()
  /** Bounds the look-ups, so that a flood of unknown keys cannot take the whole pool. */
  const semaphore = createSemaphore({
    places: lookUps,
    queueLimit: maxLookUpsWaiting,
    accountLimit: Math.max(64, 2 * lookUps),
    waitMs,
  })
  let uses = new Map<string, number>()
  const { flush, close } = createWriteBehind<typeof uses>({
    everyMs: flushEveryMs,
    take() {
      const batch = uses
      uses = new Map()
      return batch.size > 0 ? [batch] : []
    },
    write: (batch) =>
      updateLastUsed(
        sql,
        [...batch].map(([id, at]) => ({ id, at: new Date(at) })),
      ),
    restore(batch) {
      uses = new Map([...batch, ...uses])
    },
    onError: (error) =>
      log.warn({ err: error }, 'when API keys were last used could not be written; it is tried again'),
  })
  let lookedUp = 0

  function isCurrent({ readAt, found }: Reading): boolean {
    if (now() - readAt >= lifeSeconds * 1000) return false
    return found === null || (recentChanges.stateOf(found.accountId)?.version ?? 0) <= found.state.version
  }

  function verify({ found }: Reading): ApiKey | Refusal {
    if (!found || found.expiresAtMs <= now()) return 'invalid-token'
    return found.state.status === 'active' ? found : 'account-disabled'
  }

  async function read(name: string, hash: Buffer, caller: Caller | null): Promise<Reading> {
    return semaphore.run(async () => {
      lookedUp++
      const readAt = now()
      const row = await findApiKey(sql, hash)
      const result = { readAt, found: row && toFound(row) }
      known.delete(name)
      unknown.delete(name)
      const cache = row ? known : unknown
      cache.set(name, result)
      return result
    }, caller)
  }

  /** Concurrent look-ups of one key share a query. */
  function share(name: string, hash: Buffer, caller: Caller | null): Promise<Reading> {
    let shared = reading.get(name)
    if (!shared) {
      shared = read(name, hash, caller).finally(() => reading.delete(name))
      reading.set(name, shared)
    }
    return shared
  }

  return {
    /** The key or its refusal, from the cache; undefined when it must be looked up. */
    findCached(key: string): ApiKey | Refusal | undefined {
      if (!isApiKey(key)) return 'invalid-token'
      const name = hashToken(key).toString('base64')
      const remembered = known.get(name) ?? unknown.get(name)
      if (!remembered) return undefined
      if (isCurrent(remembered)) return verify(remembered)
      // The account was erased and its keys with it: nothing to look up.
      if (remembered.found && recentChanges.stateOf(remembered.found.accountId)?.status === 'deleted')
        return 'account-disabled'
      return undefined
    },

    /** The same from the database, queued under `caller`. @throws AppError `database-unavailable`, `overloaded` */
    async lookUp(key: string, caller: Caller | null = null): Promise<ApiKey | Refusal> {
      const hash = hashToken(key)
      const name = hash.toString('base64')
      const first = await share(name, hash, caller)
      // A change arrived during the look-up: a second one includes it.
      return verify(isCurrent(first) ? first : await share(name, hash, caller))
    },

    /** Clears the caches, after the database was replaced. */
    clear(): void {
      known.clear()
      unknown.clear()
    },

    /** Records that a key was used; written every 5 s in one statement. */
    recordUse(id: string): void {
      if (uses.size < maxUses || uses.has(id)) uses.set(id, now())
    },
    /** Writes the recorded uses, one batch after the other. Never throws. */
    flush: async (): Promise<void> => void (await flush()),
    stats: () => ({ remembered: known.size, lookUps: lookedUp }),
    /** Writes the remaining uses and stops. */
    async close(): Promise<void> {
      await close()
      semaphore.close()
    },
  }
}

/**
 * Deletes all API keys of an account, in a transaction that then calls `recordAuthzChange`, upon which every instance
 * reads the account's keys again. @returns their prefixes, for the audit trail
 */
export function endApiKeys(tx: Tx, accountId: string): Promise<string[]> {
  return deleteApiKeys(tx, accountId)
}

type Row = NonNullable<Awaited<ReturnType<typeof findApiKey>>>

function toFound({ id, accountId, permissions, ipRanges, expiresAt, ...state }: Row): Found {
  return {
    id,
    accountId,
    permissions,
    // A range that cannot be parsed matches no address.
    networks: ipRanges?.map(parseNetwork).filter((network) => typeof network !== 'string') ?? null,
    state,
    expiresAtMs: expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt * 1000,
  }
}
