import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { normalisePassword } from './password-rules.ts'

/**
 * Prefix of a stored hash that another system made; that system's own text follows. It marks accounts that have not logged in since
 * the import, and distinguishes an imported argon2id hash, made without NFKC, from one of ours.
 */
const mark = 'imported'
const maxHashLength = 512
/** A wrong password would match a shorter digest too often. */
const minDigestBytes = 16
const maxDigestBytes = 64

/** The highest costs that are accepted. */
const maxCosts = {
  bcryptCost: 14,
  argon2MemoryKiB: 65_536,
  argon2Passes: 10,
  argon2Lanes: 64,
  scryptLogN: 17,
  /** N × r × p: the work of N = 2^17 with r = 8 and p = 1. */
  scryptWork: 2 ** 20,
  /** Iterations × blocks of the digest. */
  pbkdf2Iterations: 2_000_000,
}

/** Whether a password matches the hash. Throws where the hash cannot be used. */
type Check = (password: Buffer) => Promise<boolean>
type Read = { check: Check } | { reason: string }

const scryptAsync = promisify<Buffer, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
)
const pbkdf2Async = promisify(pbkdf2)

/**
 * Reads a hash of another system: bcrypt, or argon2, scrypt or PBKDF2 as PHC strings. Every cost is bounded before any work, so
 * that checking a password takes seconds at the most, and 128 MiB.
 */
export function readHash(text: string): Read {
  if (text.length > maxHashLength) return { reason: `A password hash has at most ${maxHashLength} characters.` }
  const kind = /^\$([a-z\d-]{1,20})\$/.exec(text)?.[1]
  switch (kind) {
    case '2a':
    case '2b':
    case '2y':
      return readBcrypt(text)
    case 'argon2id':
    case 'argon2i':
    case 'argon2d':
      return readArgon2(text)
    case 'scrypt':
      return readScrypt(text)
    case 'pbkdf2':
    case 'pbkdf2-sha1':
    case 'pbkdf2-sha256':
    case 'pbkdf2-sha384':
    case 'pbkdf2-sha512':
      return readPbkdf2(text)
    default:
      return {
        reason: 'This is no hash of bcrypt ($2a$, $2b$, $2y$), nor one of argon2, scrypt or PBKDF2 as a PHC string.',
      }
  }
}

const bcryptDigits = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function readBcrypt(text: string): Read {
  const shape = /^(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{30}[./A-Za-z0-9])$/
  const [, start, cost, endOfSalt, digest] = shape.exec(text) ?? []
  // The last character of a digest carries 4 bits.
  if (!start || !cost || !endOfSalt || !digest || bcryptDigits.indexOf(digest.slice(-1)) % 4 !== 0)
    return malformed('bcrypt')
  if (Number(cost) < 4 || Number(cost) > maxCosts.bcryptCost)
    return { reason: `The cost of a bcrypt hash is from 04 to ${maxCosts.bcryptCost}.` }
  // The last character of a salt carries 2 bits: some libraries leave any others in it, and Bun refuses those.
  const canonical = `${start}${bcryptDigits.charAt(bcryptDigits.indexOf(endOfSalt) & 0x30)}${digest}`
  // bcrypt reads 72 bytes; of longer ones Bun would take SHA-512 first, which no other system does.
  return { check: (password) => Bun.password.verify(password.subarray(0, 72), canonical) }
}

function readArgon2(text: string): Read {
  const shape =
    /^\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=([1-9]\d{0,6}),t=([1-9]\d{0,2}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
  const [, m, t, p, salt, digest] = shape.exec(text) ?? []
  if (!m || !t || !p || !isCanonical(salt, 8) || !isCanonical(digest, minDigestBytes, maxDigestBytes))
    return malformed('argon2')
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)]
  if (memory > maxCosts.argon2MemoryKiB || passes > maxCosts.argon2Passes || lanes > maxCosts.argon2Lanes)
    return { reason: 'An argon2 hash takes at most 64 MiB (m=65536), 10 passes (t=10) and 64 lanes.' }
  if (memory < 8 * lanes) return malformed('argon2')
  return { check: async (password) => (await import('@node-rs/argon2')).verify(text, password) }
}

function readScrypt(text: string): Read {
  const shape = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)$/
  const [, ln, r, p, ...ends] = shape.exec(text) ?? []
  const salt = decode(ends[0], 1)
  const digest = decode(ends[1], minDigestBytes, maxDigestBytes)
  if (!ln || !r || !p || !salt || !digest) return malformed('scrypt')
  const options = { N: 2 ** Number(ln), r: Number(r), p: Number(p), maxmem: 192 * 2 ** 20 }
  if (Number(ln) > maxCosts.scryptLogN || options.N * options.r * options.p > maxCosts.scryptWork)
    return { reason: 'A scrypt hash has N of at most 2^17 (ln=17), and N × r × p of at most 2^20.' }
  // RFC 7914 2: N is less than 2^(128 × r / 8).
  if (Number(ln) < 1 || options.r < 1 || options.p < 1 || Number(ln) >= 16 * options.r) return malformed('scrypt')
  return {
    check: async (password) => timingSafeEqual(await scryptAsync(password, salt, digest.length, options), digest),
  }
}

const digestBytes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

function readPbkdf2(text: string): Read {
  // passlib leaves out `i=` and writes `.` for `+`.
  const shape =
    /^\$pbkdf2(?:-(sha1|sha256|sha384|sha512))?\$(?:i=)?(\d{1,8})(?:,l=(\d{1,3}))?\$([A-Za-z0-9+/.]+=*)\$([A-Za-z0-9+/.]+=*)$/
  const [, name = 'sha1', i, length, ...ends] = shape.exec(text) ?? []
  const algorithm = name as keyof typeof digestBytes
  const salt = decode(ends[0], 1)
  const digest = decode(ends[1], minDigestBytes, maxDigestBytes)
  const iterations = Number(i)
  if (!salt || !digest || iterations < 1 || (length !== undefined && Number(length) !== digest.length))
    return malformed('PBKDF2')
  if (iterations * Math.ceil(digest.length / digestBytes[algorithm]) > maxCosts.pbkdf2Iterations)
    return { reason: 'A PBKDF2 hash has at most 2,000,000 iterations, all blocks of its digest together.' }
  return {
    check: async (password) =>
      timingSafeEqual(await pbkdf2Async(password, salt, iterations, digest.length, algorithm), digest),
  }
}

function malformed(kind: string): Read {
  return { reason: `This begins like a hash of ${kind}, and is not one.` }
}

/** Decodes base64 with or without padding; null where it is malformed, or not `least` to `most` bytes long. */
function decode(text: string | undefined, least: number, most = maxHashLength): Buffer | null {
  const bare = text?.replaceAll('.', '+').replace(/=+$/, '')
  if (!bare || bare.length % 4 === 1) return null
  const bytes = Buffer.from(bare, 'base64')
  return bytes.length >= least && bytes.length <= most ? bytes : null
}

/** Whether a text is the base64 of the PHC string format, `least` to `most` bytes: without padding, unused trailing bits zero. */
function isCanonical(text: string | undefined, least: number, most?: number): boolean {
  const bytes = decode(text, least, most)
  return bytes !== null && bytes.toString('base64').replaceAll('=', '') === text
}

/** The stored form of a hash that `readHash` accepts. */
export function toImportedHash(text: string): string {
  return mark + text
}

/** Whether a password, as it was typed, is the one that another system hashed. */
export type ImportedCheck = (password: string) => Promise<boolean>

/** The check of a stored hash that another system made; null where the stored text is none. */
export function readImportedHash(stored: string): ImportedCheck | null {
  if (!stored.startsWith(mark)) return null
  const read = readHash(stored.slice(mark.length))
  return 'check' in read ? (password) => matches(read.check, password) : null
}

/**
 * Other systems hashed the text as typed. Another keyboard may send the same text in other code points, so NFKC is
 * tried too.
 */
async function matches(check: Check, password: string): Promise<boolean> {
  if (!password.isWellFormed()) return false
  try {
    for (const text of new Set([password, normalisePassword(password)])) if (await check(Buffer.from(text))) return true
    return false
  } catch {
    // The hash is well-formed, but its content is invalid: no password matches it.
    return false
  }
}
