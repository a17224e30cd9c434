import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { examineTimeouts } from '../../src/cli/doctor-timeouts.ts'
import { createDatabase } from '../support/cluster.ts'

const database = await createDatabase()
const owner = postgres(database.url, { max: 1, onnotice: () => {} })
const role = `pooled_${crypto.randomUUID().slice(0, 8)}`
afterAll(async () => {
  await owner.unsafe(`drop role ${role}`)
  await owner.end({ timeout: 1 })
  await database.drop()
})
await owner.unsafe(`create role ${role} login password 'pooled'`)

const url = new URL(database.url)
url.username = role
url.password = 'pooled'
const through = { authzFeed: 'poll' as const, databaseUrl: url.href, databaseSsl: 'disable' as const }
const ask = () => examineTimeouts({ ...through, statementTimeoutMs: 5000 })

test('behind a pooler a role without timeouts is told how to get them, and is well once it did', async () => {
  const finding = await ask()
  expect(finding?.state).toBe('wrong')
  const advised = (finding?.advice ?? '').match(/alter role [^;]+;/g) ?? []
  expect(advised).toEqual([
    `alter role ${role} set idle_in_transaction_session_timeout = 10000;`,
    `alter role ${role} set lock_timeout = 4500;`,
    `alter role ${role} set statement_timeout = 5000;`,
  ])
  for (const statement of advised) await owner.unsafe(statement)
  expect(await ask()).toMatchObject({
    state: 'good',
    detail: 'idle_in_transaction_session_timeout 10000, lock_timeout 4500, statement_timeout 5000',
  })
})

test('one that ends later than the program waits is no bound', async () => {
  await owner.unsafe(`alter role ${role} set statement_timeout = 60000`)
  expect(await ask()).toMatchObject({
    state: 'wrong',
    advice: expect.stringContaining(`alter role ${role} set statement_timeout = 5000;`),
  })
})

test('without a pooler the server sets them itself, and nobody is asked', async () => {
  expect(await examineTimeouts({ ...through, authzFeed: 'listen', statementTimeoutMs: 5000 })).toBeNull()
})
