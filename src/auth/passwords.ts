import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Caller } from '../async/caller.ts'
import { type HashDurations, openHashQueues } from './hash-queues.ts'
import { type ImportedCheck, readImportedHash } from './imported-hashes.ts'
import { normalisePassword } from './password-rules.ts'

type Cost = {
  /** In KiB. */
  memoryCost: number
  /** Passes over the memory. */
  timeCost: number
  parallelism: number
}

type Options = Partial<Cost> & {
  /** How many run at once. Default: the number of cores; more would only share them. */
  concurrency?: number
  /** How many may wait; default 64 per running one, which is about a third of a second of work where one takes 5 ms. */
  queueLimit?: number
}

export type PasswordHasher = {
  /** The PHC string of a new hash under the current costs, with a salt of its own. */
  hash(password: string, signal?: AbortSignal, caller?: Caller | null): Promise<string>
  /**
   * Whether the password is the one that was hashed. Null or a malformed hash: false, after the same work. A hash of another
   * system takes as long as that system chose, and no less than one of ours.
   */
  verify(hash: string | null, password: string, signal?: AbortSignal, caller?: Caller | null): Promise<boolean>
  /** Whether a hash was made at a lower cost than the current one, or is none of ours. */
  needsRehash(hash: string): boolean
  /** How many hashes are being made or checked, and how many wait. */
  stats(): { running: number; waiting: number }
  durations: HashDurations
}

/** A password to verify, and for whom. */
type VerifyInput = { password: string; signal: AbortSignal | undefined; caller: Caller | null }

/** The PHC string of argon2id; its parameters decide whether to rehash. */
const phc = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/
/** Native code, loaded at the first password: until then it costs neither time at start nor memory (5 MB). */
const argon2 = () => import('@node-rs/argon2')

/** Stored hashes with higher costs are rejected: argon2 would try to allocate whatever they say. */
const maxCost: Cost = { memoryCost: 1_048_576, timeCost: 64, parallelism: 64 }

/**
 * Hashes and verifies passwords with argon2id (RFC 9106; the costs are OWASP's minimum, ASVS 5.0 11.4.2), off the event loop. Callers
 * are served round-robin. Memory is bounded by `memoryCost` × `concurrency`: 19 MiB for each hash that runs, none for one that waits.
 * At most `concurrency` threads of the runtime's pool are taken, each for one hash at a time, so that other work on that pool waits
 * for one hash, never for the queue. Hashes of other systems (imported-hashes.ts), which may take seconds and 128 MiB, have a queue of
 * their own and half as many places (at least one), so they never occupy all threads and never delay a hash of ours.
 *
 * `hash` and `verify` throw AppError `overloaded` when the queue is full, `rate-limited` when too many requests of the caller's
 * account wait, both at once, and `deadline-exceeded` when `signal` aborts before the work began. Work that began is finished.
 *
 * @throws RangeError for a concurrency below 1 or a negative queue limit
 */
export function createPasswordHasher(options: Options = {}): PasswordHasher {
  const cost = {
    memoryCost: options.memoryCost ?? 19_456,
    timeCost: options.timeCost ?? 2,
    parallelism: options.parallelism ?? 1,
  }
  const concurrency = options.concurrency ?? availableParallelism()
  const { own, imported, durations } = openHashQueues(concurrency, options.queueLimit)
  const dummy = createDummyHash(cost)

  /** Also verifies a hash of our own cost, so that a cheap hash of another system does not answer sooner than others. */
  async function verifyImported(check: ImportedCheck, { password, signal, caller }: VerifyInput): Promise<boolean> {
    const refused = new AbortController()
    const either = signal ? AbortSignal.any([signal, refused.signal]) : refused.signal
    try {
      const checked = imported.run(() => check(password), caller, either)
      return (await Promise.all([checked, own.run(() => matches(null, password), caller, either)]))[0]
    } catch (error) {
      refused.abort()
      throw error
    }
  }

  async function matches(stored: string | null, password: string): Promise<boolean> {
    const { verify } = await argon2()
    const normalised = normalisePassword(password)
    // An unknown account and an unusable hash take the same time as a real one.
    const usable = stored !== null && isUsable(stored) ? stored : dummy
    try {
      // A lone surrogate would be hashed as U+FFFD; no stored password contains one.
      return (await verify(usable, normalised)) && usable === stored && password.isWellFormed()
    } catch (error) {
      if (usable === dummy) throw error
      await verify(dummy, normalised)
      return false
    }
  }

  return {
    hash: (password, signal, caller = null) =>
      own.run(async () => (await argon2()).hash(normalisePassword(password), cost), caller, signal),
    verify(hash, password, signal, caller = null) {
      const check = hash === null ? null : readImportedHash(hash)
      if (check) return verifyImported(check, { password, signal, caller })
      return own.run(() => matches(hash, password), caller, signal)
    },
    needsRehash(hash) {
      const made = parseCost(hash)
      if (!made) return true
      return made.memoryCost < cost.memoryCost || made.timeCost < cost.timeCost || made.parallelism < cost.parallelism
    },
    stats() {
      const [ours, others] = [own.stats(), imported.stats()]
      return { running: ours.running + others.running, waiting: ours.waiting + others.waiting }
    },
    durations,
  }
}

/** A hash that no password has, of the given cost: random bytes where the digest stands. */
export function createDummyHash({ memoryCost, timeCost, parallelism }: Cost): string {
  const [salt, digest] = [16, 32].map((length) => randomBytes(length).toString('base64').replaceAll('=', ''))
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${salt}$${digest}`
}

function parseCost(hash: string): Cost | null {
  const [, m, t, p] = phc.exec(hash) ?? []
  return m && t && p ? { memoryCost: Number(m), timeCost: Number(t), parallelism: Number(p) } : null
}

function isUsable(hash: string): boolean {
  const made = parseCost(hash)
  if (!made) return false
  return (
    made.memoryCost <= maxCost.memoryCost &&
    made.timeCost <= maxCost.timeCost &&
    made.parallelism <= maxCost.parallelism
  )
}
