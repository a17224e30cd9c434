import { randomBytes } from 'node:crypto'

/** Accounts with known passwords, each with a hash in the format of another system. */
export const known = [
  { kind: 'bcrypt of Node ($2b$)', email: 'asha@old.example', password: 'sixteen blue herons', prefix: '$2b$' },
  { kind: 'bcrypt of PHP ($2y$)', email: 'ravi@old.example', password: 'the quiet pottery shed', prefix: '$2y$' },
  {
    kind: 'bcrypt of 100 characters ($2a$)',
    email: 'meera@old.example',
    password: 'a long evening by the river '.repeat(4).slice(0, 100),
    prefix: '$2a$',
  },
]

const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const names = ['Asha', 'Ravi', 'आशा', "O'Brien", 'Nguyễn', 'García', 'Okafor', 'Lindqvist']
const zones = ['Asia/Kolkata', 'Europe/Berlin', 'America/New_York', 'UTC']

/**
 * Writes a file for `manas360 import`: the known accounts among others, whose hashes have bcrypt's format and no
 * password.
 */
export async function writeImportFile(file: string, accounts: number): Promise<void> {
  const writer = Bun.file(file).writer()
  const every = Math.floor(accounts / known.length)
  for (let i = 0; i < accounts; i++) {
    const person = i % every === 0 ? known[i / every] : undefined
    const fields = { ...madeUp(i), ...(person && { email: person.email, passwordHash: await hashOf(person) }) }
    writer.write(`${JSON.stringify(fields)}\n`)
    if (i % 1_000 === 0) await writer.flush()
  }
  await writer.end()
}

function madeUp(i: number) {
  return {
    email: `person-${i}@old.example`,
    passwordHash: madeUpHash(),
    emailVerified: i % 3 !== 0,
    firstName: names[i % names.length],
    lastName: names[(i * 3) % names.length],
    phoneNumber: i % 2 === 0 ? `+9198${String(i).padStart(8, '0')}` : null,
    language: i % 2 === 0 ? 'hi-IN' : 'en',
    timezone: zones[i % zones.length],
    createdAt: new Date(Date.UTC(2020, 0, 1) + i * 60_000).toISOString(),
    ...(i % 20 === 0 && { plan: 'professional', planEndsAt: '2099-01-01T00:00:00Z' }),
    ...(i % 1_000 === 999 && { plan: 'starter' }),
  }
}

/** A salt of 16 bytes and a digest of 23; the unused bits of their last letters are zero. */
function madeUpHash(): string {
  const letters = [...randomBytes(53)].map(
    (byte, at) => byte & (at === 21 ? 0b11_0000 : at === 52 ? 0b11_1100 : 0b11_1111),
  )
  return `$2b$10$${letters.map((value) => bcryptAlphabet[value]).join('')}`
}

/** bcrypt reads 72 bytes of a password. */
async function hashOf({ password, prefix }: (typeof known)[number]): Promise<string> {
  const bytes = Buffer.from(password).subarray(0, 72)
  const hash = await Bun.password.hash(bytes, { algorithm: 'bcrypt', cost: 10 })
  return hash.replace('$2b$', () => prefix)
}
