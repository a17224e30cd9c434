import type { ApiKey } from '../access/principal.ts'
import { parseNetwork } from '../addresses/networks.ts'
import { setBounded } from '../async/bounded-map.ts'
import type { Caller } from '../async/caller.ts'
import { createSemaphore } from '../async/semaphore.ts'
import { createWriteBehind } from '../async/write-behind.ts'
import type { RecentChanges } from '../changes/recent-changes.ts'
import { hashToken } from '../crypto/hash.ts'
import type { Sql, Tx } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import { isApiKey } from './format.ts'
import { deleteApiKeys, findApiKey, updateLastUsed } from './queries.ts'

/** About 10 MB each: keys that were found, and keys that were not. */
const maxRemembered = 10_000
const maxUses = 20_000
const flushEveryMs = 5_000
const maxLookUpsWaiting = 1_000

type Refusal = 'invalid-token' | 'account-disabled'
type Found = ApiKey & { expiresAtMs: number }
/** What one reading found, and when it began. */
type Reading = { readAt: number; found: Found | null }

type Options = {
  sql: Sql
  recentChanges: RecentChanges
  log: Logger
  /** The database's time, in milliseconds. */
  now: () => number
  /** What was read is good for so long: an access token's life. RecentChanges remembers for 5 minutes more. */
  lifeSeconds: number
  /** How many look-ups may be under way at once. */
  lookUps: number
}

export type ApiKeys = ReturnType<typeof createApiKeys>

/**
 * Verifies API keys. A key costs one query when it is first seen; what was read is then held like an access token, for
 * as long, and checked against the same RecentChanges: once anything about its owner changed, the deletion of a key included, it is read
 * again. So whatever the feed brings is obeyed by the next request, and a reading that a change overtook is never used.
 */
export function createApiKeys({ sql, recentChanges, log, now, lifeSeconds, lookUps }: Options) {
  const known = new Map<string, Reading>()
  const unknown = new Map<string, Reading>()
  const reading = new Map<string, Promise<Reading>>()
  /** A flood of keys that nobody has takes a part of the pool, never all of it. */
  const semaphore = createSemaphore({
    places: lookUps,
    queueLimit: maxLookUpsWaiting,
    accountLimit: Math.max(64, 2 * lookUps),
    waitMs: 2_000,
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
      setBounded(row ? known : unknown, name, result, maxRemembered)
      return result
    }, caller)
  }

  /** One reading for all who ask at the same time. */
  function share(name: string, hash: Buffer, caller: Caller | null): Promise<Reading> {
    let shared = reading.get(name)
    if (!shared) {
      shared = read(name, hash, caller).finally(() => reading.delete(name))
      reading.set(name, shared)
    }
    return shared
  }

  return {
    /** The key or why it is refused, from memory; undefined when it must be looked up. */
    recall(key: string): ApiKey | Refusal | undefined {
      if (!isApiKey(key)) return 'invalid-token'
      const name = hashToken(key).toString('base64')
      const remembered = known.get(name) ?? unknown.get(name)
      if (!remembered) return undefined
      if (isCurrent(remembered)) return verify(remembered)
      // Erased: its keys went with it, and there is nothing to read.
      if (remembered.found && recentChanges.stateOf(remembered.found.accountId)?.status === 'deleted')
        return 'account-disabled'
      return undefined
    },

    /** The same by asking the database, in the line of whoever asks. @throws AppError `database-unavailable`, `overloaded` */
    async lookUp(key: string, caller: Caller | null = null): Promise<ApiKey | Refusal> {
      const hash = hashToken(key)
      const name = hash.toString('base64')
      const first = await share(name, hash, caller)
      // A change that was heard of meanwhile is in a reading that begins now.
      return verify(isCurrent(first) ? first : await share(name, hash, caller))
    },

    /** Forgets what was read: the database that said so is another one now. */
    forget(): void {
      known.clear()
      unknown.clear()
    },

    /** Remembers that a key was used; written every 5 s, in one statement. */
    noteUse(id: string): void {
      if (uses.size < maxUses || uses.has(id)) uses.set(id, now())
    },
    /** Writes when keys were last used, one batch after the other. Never throws. */
    flush: async (): Promise<void> => void (await flush()),
    stats: () => ({ remembered: known.size, lookUps: lookedUp }),
    /** Writes what is left and stops. */
    async close(): Promise<void> {
      await close()
      semaphore.close()
    },
  }
}

/**
 * Ends every API key of an account, in a transaction that then calls `recordAuthzChange`: by that every instance forgets
 * what it remembers of them. @returns how they began, for the trail
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
    // What would not be understood lets nobody in.
    networks: ipRanges?.map(parseNetwork).filter((network) => typeof network !== 'string') ?? null,
    state,
    expiresAtMs: expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt * 1000,
  }
}
