import { describe, expect, spyOn, test } from 'bun:test'
import { pbkdf2Sync } from 'node:crypto'
import { hash as argon2Hash } from '@node-rs/argon2'
import fc from 'fast-check'
import { readHash, readImportedHash, toImportedHash } from '../../src/auth/imported-hashes.ts'
import { createPasswordHasher } from '../../src/auth/passwords.ts'
import { until } from '../support/server-process.ts'

const passwords = createPasswordHasher({ memoryCost: 64, timeCost: 1 })
const verify = (hash: string, password: string) => passwords.verify(toImportedHash(hash), password)
const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '')
const bcrypt = (password: string | Uint8Array) => Bun.password.hash(password, { algorithm: 'bcrypt', cost: 4 })

/** Published vectors: of Openwall's crypt_blowfish, RFC 7914, RFC 6070 and passlib. */
const vectors: [kind: string, hash: string, password: string][] = [
  ['bcrypt', '$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe', 'a'],
  [
    'bcrypt of 72 bytes and more',
    '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
    '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
  ],
  [
    'scrypt',
    `$scrypt$ln=14,r=8,p=1$${b64(Buffer.from('SodiumChloride'))}$${b64(
      Buffer.from(
        '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
        'hex',
      ),
    )}`,
    'pleaseletmein',
  ],
  [
    'PBKDF2 with SHA-1',
    `$pbkdf2$i=4096,l=20$${b64(Buffer.from('salt'))}$${b64(Buffer.from('4b007901b765489abead49d926f721d065a429c1', 'hex'))}`,
    'password',
  ],
  [
    'PBKDF2 as passlib writes it',
    '$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk',
    'toomanysecrets',
  ],
]

describe('a hash of another system', () => {
  test.each(vectors)('of %s is of its password alone', async (kind, hash, password) => {
    expect(await verify(hash, password)).toBe(true)
    expect(await verify(hash, `${password.slice(0, -1)}#`)).toBe(kind === 'bcrypt of 72 bytes and more')
    expect(await verify(hash, `#${password}`)).toBe(false)
    expect(passwords.needsRehash(toImportedHash(hash))).toBe(true)
  })

  test('of bcrypt is read under each of its names', async () => {
    const hash = await bcrypt('tropical otter')
    for (const name of ['$2a$', '$2b$', '$2y$']) {
      const named = hash.replace('$2b$', () => name)
      expect([name, await verify(named, 'tropical otter'), await verify(named, 'tropical otteR')]).toEqual([
        name,
        true,
        false,
      ])
    }
  })

  test('of bcrypt is read whatever stands in the bits of its salt that carry nothing', async () => {
    const hash = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui'
    const password = vectors[1]?.[2] ?? ''
    for (const end of ['v', 'w', '7', '9']) {
      const loose = `${hash.slice(0, 28)}${end}${hash.slice(29)}`
      expect([end, await verify(loose, password), await verify(loose, `#${password}`)]).toEqual([end, true, false])
    }
  })

  test('of bcrypt is of the first 72 bytes, wherever they end in a character', async () => {
    const long = 'ü'.repeat(80)
    const hash = await bcrypt(Buffer.from(`x${long}`).subarray(0, 72))
    expect(await verify(hash, `x${long}`)).toBe(true)
    expect(await verify(hash, `x${'ü'.repeat(36)}`)).toBe(true)
    expect(await verify(hash, `x${'ü'.repeat(35)}`)).toBe(false)
  })

  test.each([0, 1, 2])('of argon2, variant %i, is read in both versions', async (algorithm) => {
    for (const version of [0, 1]) {
      const hash = await argon2Hash('tropical otter', { algorithm, version, memoryCost: 64, timeCost: 1 })
      expect(await verify(hash, 'tropical otter')).toBe(true)
      expect(await verify(hash, 'tropical badger')).toBe(false)
      // Without a version it is of the first (PHC string format).
      if (version === 0) expect(await verify(hash.replace('v=16$', ''), 'tropical otter')).toBe(true)
    }
  })

  test('of PBKDF2 is read under each digest', async () => {
    for (const name of ['sha1', 'sha256', 'sha384', 'sha512']) {
      const digest = pbkdf2Sync('tropical otter', 'saltsalt', 10, 32, name)
      const hash = `$pbkdf2-${name}$i=10$${b64(Buffer.from('saltsalt'))}$${b64(digest)}`
      expect([name, await verify(hash, 'tropical otter')]).toEqual([name, true])
    }
  })

  test('is of the text as it was typed there, or of its NFKC form', async () => {
    const typed = 'cafe\u0301 otter'
    expect(await verify(await bcrypt(typed), typed)).toBe(true)
    expect(await verify(await bcrypt(typed.normalize('NFKC')), typed)).toBe(true)
    expect(await verify(await bcrypt('cafe otter'), typed)).toBe(false)
    const ours = await argon2Hash(typed, { memoryCost: 64, timeCost: 1 })
    expect(await verify(ours, typed)).toBe(true)
    expect(await passwords.verify(ours, typed)).toBe(false)
  })

  test('is of no password that holds half a surrogate pair', async () => {
    expect(await verify(await bcrypt('otter \ufffd'), 'otter \ud800')).toBe(false)
  })

  test('costs no less than one of ours', async () => {
    const heavy = createPasswordHasher({ memoryCost: 65_536, timeCost: 3 })
    async function workOf(hash: string | null): Promise<number> {
      const before = process.cpuUsage()
      await heavy.verify(hash, 'tropical badger')
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    const expected = await workOf(null)
    expect(await workOf(toImportedHash(await bcrypt('tropical otter')))).toBeGreaterThan(expected / 20)
  })

  test('is tried once where the text typed is its own NFKC form', async () => {
    const hash = await bcrypt('nobody’s')
    const tries = spyOn(Bun.password, 'verify')
    try {
      expect(await verify(hash, 'tropical otter')).toBe(false)
      expect(tries).toHaveBeenCalledTimes(1)
      expect(await verify(hash, 'cafe\u0301 otter')).toBe(false)
      expect(tries).toHaveBeenCalledTimes(3)
    } finally {
      tries.mockRestore()
    }
  })

  test('waits in a queue of its own, with half the places: nobody with a hash of ours waits for one', async () => {
    const hash = toImportedHash(`$pbkdf2-sha256$i=100000$${b64(Buffer.from('saltsalt'))}$${'A'.repeat(43)}`)
    for (const [concurrency, places] of [
      [1, 1],
      [2, 1],
      [5, 2],
    ] as const) {
      const hasher = createPasswordHasher({ memoryCost: 64, timeCost: 1, concurrency })
      const gone = new AbortController()
      const ends = Array.from({ length: 7 }, () =>
        hasher.verify(hash, 'tropical otter', gone.signal).catch((error) => error.code),
      )
      // Each waits beside an argon2 check of its own, which takes its turn meanwhile.
      expect(hasher.stats()).toEqual({ running: concurrency + places, waiting: 7 - concurrency + (7 - places) })
      // Those who wait give up; what runs is finished.
      gone.abort()
      expect(hasher.stats()).toEqual({ running: concurrency + places, waiting: 0 })
      expect((await Promise.all(ends)).filter((end) => end === 'deadline-exceeded')).toHaveLength(7 - places)
      // Of those who gave up the other half may run still.
      await until(() => hasher.stats().running === 0, 30, 'all checks to end')
    }
  })

  test('takes no place that the other queue refused: it leaves both', async () => {
    const hash = toImportedHash(await bcrypt('tropical otter'))
    const full = createPasswordHasher({ memoryCost: 65_536, timeCost: 3, concurrency: 1, queueLimit: 1 })
    const others = [full.hash('a'), full.hash('b')]
    const slow = `$pbkdf2-sha256$i=2000000$${b64(Buffer.from('saltsalt'))}$${'A'.repeat(43)}`
    const first = full.verify(toImportedHash(slow), 'tropical otter').catch((error) => error.code)
    const second = full.verify(hash, 'tropical otter').catch((error) => error.code)
    expect([await first, await second]).toEqual(['overloaded', 'overloaded'])
    expect(full.stats()).toMatchObject({ waiting: 1 })
    await Promise.all(others)
  })

  test('leaves the event loop free', async () => {
    const hash = await Bun.password.hash('tropical otter', { algorithm: 'bcrypt', cost: 9 })
    let turns = 0
    let busy = true
    const work = verify(hash, 'tropical otter').finally(() => (busy = false))
    while (busy) {
      await new Promise(setImmediate)
      turns++
    }
    expect(await work).toBe(true)
    expect(turns).toBeGreaterThan(10)
  })
})

const salt = 'c2FsdHNhbHRzYWx0'
const digest = 'A'.repeat(43)

const refused: [why: string, hash: string][] = [
  ['nothing', ''],
  ['the password itself', 'tropical otter'],
  ['a bare digest', 'd'.repeat(64)],
  ['crypt of MD5', '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'],
  ['crypt of SHA-512', `$6$saltsalt$${'a'.repeat(86)}`],
  ['the first bcrypt', `$2$05$${'a'.repeat(53)}`],
  ['the broken bcrypt', `$2x$05$${'a'.repeat(53)}`],
  ['bcrypt too dear', `$2b$15$${'a'.repeat(53)}`],
  ['bcrypt dearer by far', `$2b$31$${'a'.repeat(53)}`],
  ['bcrypt too cheap', `$2b$03$${'a'.repeat(53)}`],
  ['bcrypt cut short', `$2b$10$${'a'.repeat(52)}`],
  ['bcrypt with a line behind it', `$2b$10$${'a'.repeat(53)}\n`],
  ['argon2 of much memory', `$argon2id$v=19$m=65537,t=1,p=1$${salt}$${digest}`],
  ['argon2 of many passes', `$argon2id$v=19$m=64,t=11,p=1$${salt}$${digest}`],
  ['argon2 of no pass', `$argon2id$v=19$m=64,t=0,p=1$${salt}$${digest}`],
  ['argon2 of many lanes', `$argon2id$v=19$m=65536,t=1,p=65$${salt}$${digest}`],
  ['argon2 of too little memory', `$argon2id$v=19$m=15,t=1,p=2$${salt}$${digest}`],
  ['argon2 of another version', `$argon2id$v=18$m=64,t=1,p=1$${salt}$${digest}`],
  ['argon2 with half a digest', `$argon2id$v=19$m=64,t=1,p=1$${salt}$AAAAAAAAAA`],
  ['scrypt too dear', `$scrypt$ln=18,r=8,p=1$${salt}$${digest}`],
  ['scrypt of wide blocks', `$scrypt$ln=17,r=9,p=1$${salt}$${digest}`],
  ['scrypt again and again', `$scrypt$ln=10,r=8,p=1000$${salt}$${digest}`],
  ['bcrypt with a bit too many', `$2b$10$${'a'.repeat(52)}b`],
  ['argon2 with a bit too many', `$argon2id$v=19$m=64,t=1,p=1$${salt}$${'A'.repeat(42)}B`],
  ['argon2 with a bit too many in its salt', `$argon2id$v=19$m=64,t=1,p=1$${salt}AB$${digest}`],
  ['argon2 whose numbers begin with 0', `$argon2id$v=19$m=064,t=1,p=1$${salt}$${digest}`],
  ['scrypt that its own standard excludes', `$scrypt$ln=16,r=1,p=1$${salt}$${digest}`],
  ['scrypt of nothing', `$scrypt$ln=10,r=0,p=1$${salt}$${digest}`],
  ['PBKDF2 too dear', `$pbkdf2-sha256$i=2000001$${salt}$${digest}`],
  ['PBKDF2 of two blocks', `$pbkdf2-sha1$i=1000001$${salt}$${digest}`],
  ['PBKDF2 of no iteration', `$pbkdf2-sha256$i=0$${salt}$${digest}`],
  ['PBKDF2 of another digest', `$pbkdf2-md5$i=1000$${salt}$${digest}`],
  ['PBKDF2 that says another length', `$pbkdf2-sha256$i=1000,l=20$${salt}$${digest}`],
  ['PBKDF2 with a digest that many passwords have', `$pbkdf2-sha256$i=1000$${salt}$AAAA`],
  ['PBKDF2 as Django writes it', `pbkdf2_sha256$1000$salt$${digest}=`],
  ['more than any hash holds', `$pbkdf2-sha256$i=1000$${'A'.repeat(500)}$${digest}`],
]

describe('a hash that is not accepted', () => {
  test.each(refused)('is %s, which says why, and no account with it can be logged in to', async (_, hash) => {
    expect(readHash(hash)).toEqual({ reason: expect.stringMatching(/^[A-Z].+\.$/) })
    expect(readImportedHash(toImportedHash(hash))).toBeNull()
    expect(await verify(hash, 'tropical otter')).toBe(false)
  })

  test('is any other text, too', async () => {
    const text = fc.oneof(
      fc.string({ maxLength: 600 }),
      fc
        .constantFrom(...refused.map(([, hash]) => hash), ...vectors.map(([, hash]) => hash))
        .chain((hash) =>
          fc
            .tuple(fc.nat(hash.length), fc.string({ maxLength: 3 }))
            .map(([i, put]) => hash.slice(0, i) + put + hash.slice(i + put.length)),
        ),
    )
    fc.assert(
      fc.property(text, (hash) => {
        const read = readHash(hash)
        expect('check' in read || read.reason.length > 0).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is every one that could not be checked: what is accepted can be', async () => {
    const cheap = [
      await bcrypt('tropical otter'),
      await argon2Hash('tropical otter', { memoryCost: 8, timeCost: 1 }),
      `$argon2d$m=8,t=1,p=1$${salt}$${digest}`,
      `$scrypt$ln=4,r=1,p=1$${salt}$${digest}`,
      `$pbkdf2-sha512$i=10$${salt}$${digest}`,
    ]
    const text = fc.constantFrom(...cheap).chain((hash) =>
      fc
        // Behind its costs.
        .tuple(fc.integer({ min: 1, max: 53 }), fc.constantFrom('A', 'B', 'P', 'z', '9', '.', '/', '+', '=', 'AA', ''))
        .map(([i, put]) => hash.slice(0, -i) + put + hash.slice(hash.length - i + 1)),
    )
    await fc.assert(
      fc.asyncProperty(text, async (hash) => {
        const read = readHash(hash)
        if ('check' in read) expect(await read.check(Buffer.from('tropical badger'))).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('once its shape is right and its content is not, is nobody’s', async () => {
    for (const hash of [
      `$2b$04$${'.'.repeat(53)}`,
      `$2b$04$${'z'.repeat(53)}`,
      `$argon2i$v=19$m=64,t=1,p=1$${'A'.repeat(86)}$${digest}`,
    ])
      expect(await verify(hash, 'tropical otter')).toBe(false)
  })
})
