import { describe, expect, test } from 'bun:test'
import { getEventListeners } from 'node:events'
import { hash as argon2Hash, parseOptions } from '@node-rs/argon2'
import { createDummyHash, createPasswordHasher } from '../../src/auth/passwords.ts'
import { AppError } from '../../src/errors/app-error.ts'

/** Costs for tests that are about something else. */
const cheap = { memoryCost: 64, timeCost: 1 }
const heavy = { memoryCost: 65_536, timeCost: 3 }

const settle = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )

describe('a hash', () => {
  test('is argon2id at the costs that OWASP asks for, with a salt of its own', async () => {
    const passwords = createPasswordHasher()
    const [a, b] = await Promise.all([passwords.hash('tropical otter'), passwords.hash('tropical otter')])
    expect(a).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
    expect(a).not.toBe(b)
    expect(await passwords.verify(a, 'tropical otter')).toBe(true)
    expect(await passwords.verify(a, 'tropical otteR')).toBe(false)
  })

  test('covers every character: nothing is cut off, trimmed or folded', async () => {
    const passwords = createPasswordHasher(cheap)
    const long = '0123456789abcdef'.repeat(16)
    const hash = await passwords.hash(long)
    expect(await passwords.verify(hash, long)).toBe(true)
    for (const other of [`${long.slice(0, -1)}g`, long.slice(0, -1), `${long} `, ` ${long}`, long.toUpperCase(), ''])
      expect(await passwords.verify(hash, other)).toBe(false)
    const withNul = await passwords.hash('tropical\0otter')
    expect(await passwords.verify(withNul, 'tropical\0badger')).toBe(false)
  })

  test('is of the NFKC form, at set and at verify', async () => {
    const passwords = createPasswordHasher(cheap)
    expect(await passwords.verify(await passwords.hash('cafe\u0301 ｏtter'), 'café otter')).toBe(true)
    expect(await passwords.verify(await passwords.hash('café otter'), 'cafe\u0301 ｏtter')).toBe(true)
  })

  test('made by Bun.password verifies, and the other way round', async () => {
    const passwords = createPasswordHasher(cheap)
    const theirs = await Bun.password.hash('tropical otter', { algorithm: 'argon2id', ...cheap })
    expect(await passwords.verify(theirs, 'tropical otter')).toBe(true)
    expect(await passwords.verify(theirs, 'tropical badger')).toBe(false)
    expect(passwords.needsRehash(theirs)).toBe(false)
    expect(await Bun.password.verify('tropical otter', await passwords.hash('tropical otter'))).toBe(true)
  })
})

describe('verify', () => {
  const digest = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const malformed = [
    '',
    'tropical otter',
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    `$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHRzYWx0$${digest}`,
    `$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$${digest}=!`,
    '$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAA',
    `$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$${digest}`,
    `$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0$${digest}`,
    `$argon2id$v=19$m=9999999,t=999,p=1$c2FsdHNhbHRzYWx0$${digest}`,
  ]

  test('of no hash or a malformed one is false, never an error', async () => {
    const passwords = createPasswordHasher(cheap)
    expect(await passwords.verify(null, 'tropical otter')).toBe(false)
    for (const hash of malformed) expect([hash, await passwords.verify(hash, 'tropical otter')]).toEqual([hash, false])
  })

  test('of a hash that is not argon2id, or costs more than any of ours, is false', async () => {
    const passwords = createPasswordHasher(cheap)
    const argon2i = await Bun.password.hash('tropical otter', { algorithm: 'argon2i', ...cheap })
    const tooManyPasses = await argon2Hash('tropical otter', { memoryCost: 64, timeCost: 65 })
    for (const hash of [argon2i, tooManyPasses]) expect(await passwords.verify(hash, 'tropical otter')).toBe(false)
  })

  test('of no hash or a malformed one does the work of a real one', async () => {
    const passwords = createPasswordHasher(heavy)
    const real = await passwords.hash('tropical otter')
    // Processor time of the whole process, so that a busy machine does not matter; without the work it is a hundredth.
    async function workOf(hash: string | null): Promise<number> {
      const before = process.cpuUsage()
      await passwords.verify(hash, 'tropical badger')
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    const expected = await workOf(real)
    for (const hash of [null, malformed[2] ?? '', malformed[3] ?? '', malformed[5] ?? ''])
      expect(await workOf(hash)).toBeGreaterThan(expected / 20)
  })

  test('of no hash uses one of the same costs, which no password has', async () => {
    const dummy = createDummyHash({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })
    const real = await createPasswordHasher().hash('tropical otter')
    expect(parseOptions(dummy)).toEqual(parseOptions(real))
    expect(createDummyHash({ memoryCost: 64, timeCost: 1, parallelism: 1 })).not.toBe(
      createDummyHash({ memoryCost: 64, timeCost: 1, parallelism: 1 }),
    )
  })

  test('leaves the event loop free', async () => {
    const passwords = createPasswordHasher(heavy)
    let turns = 0
    let busy = true
    const work = passwords.hash('tropical otter').finally(() => (busy = false))
    while (busy) {
      await new Promise(setImmediate)
      turns++
    }
    await work
    expect(turns).toBeGreaterThan(10)
  })
})

test('a hash needs renewal exactly when memory, time or parallelism rose since', async () => {
  const hash = await createPasswordHasher({ memoryCost: 128, timeCost: 2, parallelism: 2 }).hash('tropical otter')
  const needs = (memoryCost: number, timeCost: number, parallelism: number) =>
    createPasswordHasher({ memoryCost, timeCost, parallelism }).needsRehash(hash)
  expect(needs(128, 2, 2)).toBe(false)
  expect(needs(64, 1, 1)).toBe(false)
  expect(needs(129, 2, 2)).toBe(true)
  expect(needs(128, 3, 2)).toBe(true)
  expect(needs(128, 2, 3)).toBe(true)
  expect(createPasswordHasher().needsRehash('$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy')).toBe(true)
})

describe('the gate', () => {
  test('lets only so many run, and the others wait in order', async () => {
    const passwords = createPasswordHasher({ ...cheap, concurrency: 1, queueLimit: 9 })
    const ended: number[] = []
    const jobs = [0, 1, 2, 3, 4].map((i) => passwords.hash('tropical otter').then(() => ended.push(i)))
    expect(passwords.stats()).toEqual({ running: 1, waiting: 4 })
    await Promise.all(jobs)
    expect(ended).toEqual([0, 1, 2, 3, 4])
    expect(passwords.stats()).toEqual({ running: 0, waiting: 0 })
    const wide = createPasswordHasher({ ...cheap, concurrency: 3, queueLimit: 9 })
    const more = [wide.hash('a'), wide.verify(null, 'b'), wide.verify('', 'c'), wide.hash('d')]
    expect(wide.stats()).toEqual({ running: 3, waiting: 1 })
    await Promise.all(more)
  })

  test('refuses at once what the queue cannot hold, with Retry-After, and recovers', async () => {
    const passwords = createPasswordHasher({ ...heavy, concurrency: 1, queueLimit: 1 })
    const admitted = [passwords.hash('a'), passwords.verify(null, 'b')]
    const error = await passwords.verify(null, 'c').catch((caught: unknown) => caught)
    expect(passwords.stats()).toEqual({ running: 1, waiting: 1 })
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({ code: 'overloaded', headers: { 'Retry-After': '1' } })
    await Promise.all(admitted)
    expect(await settle(passwords.hash('d'))).toBe('done')
  })

  test('drops a job whose signal aborts while it waits, and the next takes its turn', async () => {
    const passwords = createPasswordHasher({ ...cheap, concurrency: 1, queueLimit: 2 })
    const aborter = new AbortController()
    const first = passwords.hash('a')
    const dropped = settle(passwords.verify(null, 'b', aborter.signal))
    const last = passwords.hash('c')
    aborter.abort()
    expect(passwords.stats()).toEqual({ running: 1, waiting: 1 })
    expect(await dropped).toBe('deadline-exceeded')
    expect(await Promise.all([settle(first), settle(last)])).toEqual(['done', 'done'])
    expect(passwords.stats()).toEqual({ running: 0, waiting: 0 })
  })

  test('does not begin a job whose signal has aborted, and finishes one that began', async () => {
    const passwords = createPasswordHasher({ ...cheap, concurrency: 1, queueLimit: 1 })
    const gone = settle(passwords.hash('a', AbortSignal.abort()))
    expect(passwords.stats()).toEqual({ running: 0, waiting: 0 })
    expect(await gone).toBe('deadline-exceeded')
    const aborter = new AbortController()
    const begun = passwords.hash('a', aborter.signal)
    const next = passwords.hash('b', aborter.signal)
    await begun
    expect(getEventListeners(aborter.signal, 'abort')).toHaveLength(0)
    aborter.abort()
    expect(await passwords.verify(await next, 'b')).toBe(true)
  })

  test('is left by a job that fails', async () => {
    const passwords = createPasswordHasher({ memoryCost: 1, concurrency: 1, queueLimit: 0 })
    await expect(passwords.hash('a')).rejects.toThrow()
    expect(passwords.stats()).toEqual({ running: 0, waiting: 0 })
  })

  test('cannot be set up to let nobody in', () => {
    expect(() => createPasswordHasher({ concurrency: 0 })).toThrow(RangeError)
    expect(() => createPasswordHasher({ concurrency: 1.5 })).toThrow(RangeError)
    expect(() => createPasswordHasher({ queueLimit: -1 })).toThrow(RangeError)
  })
})
