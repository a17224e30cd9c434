import { afterAll, expect, test } from 'bun:test'
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readImportedHash, toImportedHash } from '../../src/auth/imported-hashes.ts'
import { ImportedAccount } from '../../src/import/schemas.ts'
import { goodPassword } from '../support/accounts.ts'
import { bcrypt } from './imports.ts'

type Exporter = {
  toLine(user: object): string
  fromScrypt(salt: string, hash: string): string
  fromPbkdf2(salt: string, hash: string, iterations: number): string
  fromDjango(stored: string): string
}

const page = await Bun.file(join(import.meta.dir, '../../docs/moving-in.md')).text()
const [, code = ''] = /```js\n(\/\/ export-accounts\.mjs\n.*?)```/s.exec(page) ?? []
const file = join(tmpdir(), `manas360-exporter-${process.pid}.mjs`)
await Bun.write(file, code)
afterAll(() => rmSync(file))
const exporter: Exporter = await import(file)

test('the exporter of the page writes lines that an import takes', async () => {
  const user = {
    email: 'Asha@Example.com',
    password: await bcrypt(goodPassword),
    firstName: ' Asha ',
    lastName: ' ',
    createdAt: new Date('2021-03-04T04:30:00Z'),
    blocked: true,
    plan: 'premium',
    planEndsAt: new Date('2098-01-01T00:00:00Z'),
  }
  expect(ImportedAccount.parse(JSON.parse(exporter.toLine(user)))).toMatchObject({
    email: 'asha@example.com',
    firstName: 'Asha',
    lastName: null,
    status: 'locked',
    plan: 'professional',
  })
  expect(ImportedAccount.parse(JSON.parse(exporter.toLine({ email: 'b@example.com' })))).toMatchObject({
    status: 'active',
  })
})

test('and makes PHC strings of what Node, passport-local-mongoose and Django store', async () => {
  const salt = 'a1b2c3d4e5f60718'
  const key = (length: number) => pbkdf2Sync(goodPassword, salt, 25_000, length, 'sha256')
  const hashes = [
    exporter.fromScrypt(salt, scryptSync(goodPassword, salt, 64).toString('hex')),
    exporter.fromPbkdf2(salt, key(512).toString('hex'), 25_000),
    exporter.fromDjango(`pbkdf2_sha256$25000$${salt}$${key(32).toString('base64')}`),
  ]
  for (const hash of hashes) {
    const check = readImportedHash(toImportedHash(hash))
    expect([hash, await check?.(goodPassword), await check?.('tropical otter')]).toEqual([hash, true, false])
  }
})
