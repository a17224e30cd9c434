import { expect, test } from 'bun:test'
import { type Given, givenAccount, logIn, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { type ChangeItem, createChangeReader } from '../support/change-reader.ts'

const app = await openTestApp()
const { request, sql } = app
const { accessToken } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
const { read, readOn, change, heldChange, now } = createChangeReader(app, accessToken)

const nothing = (like: ChangeItem = { id: '', accountId: null, kind: '' }) => ({
  ...like,
  ...Object.fromEntries(Object.keys(like).map((name) => [name, null])),
})

test('an item says whom it concerns and the whole state after it, with null where nothing applies', async () => {
  const since = await now()
  const person = await registered(app)
  await request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })
  await request('/v1/admin/roles/guest/permissions', {
    method: 'PUT',
    bearer: accessToken,
    json: { permissions: ['profile.read', 'dashboard.read'] },
  })
  const { items } = await readOn(since)
  const own = items.find(({ accountId }) => accountId === person.id)
  expect(own).toEqual({
    id: expect.stringMatching(/^\d+$/),
    accountId: person.id,
    version: expect.any(Number),
    kind: 'session-ended',
    role: 'user',
    privilegeLevel: 10,
    plan: 'free',
    pex: null,
    overrides: {},
    status: 'active',
    sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    exceptSessionId: null,
    catalogueVersion: null,
    at: expect.stringMatching(/^\d{4}-.+Z$/),
  })
  const catalogue = items.find(({ kind }) => kind === 'catalogue')
  expect(catalogue).toEqual({
    ...nothing(own),
    id: expect.any(String),
    kind: 'catalogue',
    catalogueVersion: app.deps.catalogue.current.version,
    at: expect.any(String),
  })
})

test('without since it begins at the oldest kept; with it, what was read does not come again', async () => {
  const person = await givenAccount(app)
  await change(person.id)
  const [oldest] = await sql<{ id: string }[]>`select id::text from authz_changes order by xid, id limit 1`
  const all = await readOn()
  expect(all.items[0]?.id).toBe(oldest?.id ?? '')
  const after = await read(all.nextCursor)
  expect(after.items).toEqual([])
  expect(after.nextCursor).toBeString()
  await change(person.id)
  expect((await read(after.nextCursor)).items.map(({ accountId }) => accountId)).toEqual([person.id])
})

test('a change that commits after later ones were read is not missed, and what was read does not come twice', async () => {
  const since = await now()
  const late = await givenAccount(app)
  const others = await Promise.all(Array.from({ length: 3 }, () => givenAccount(app)))
  const commit = await heldChange(late.id)
  let cursor = since
  const seen: (string | null)[] = []
  for (const other of others) {
    await change(other.id)
    const page = await readOn(cursor)
    cursor = page.nextCursor
    seen.push(...page.items.map(({ accountId }) => accountId))
  }
  expect(seen).toEqual(others.map(({ id }) => id))
  await commit()
  expect((await readOn(cursor)).items.map(({ accountId }) => accountId)).toContain(late.id)
})

test('the same when it commits between two pages of one reading, whichever of them it belongs to', async () => {
  for (const pagesBefore of [1, 2, 3]) {
    const since = await now()
    const accounts: Given[] = await Promise.all(Array.from({ length: 4 }, () => givenAccount(app)))
    const late = await givenAccount(app)
    const commit = await heldChange(late.id)
    for (const { id } of accounts) await change(id)
    const seen = new Set<string | null>()
    let cursor = since
    for (let page = 0; page < pagesBefore; page++) {
      const { items, nextCursor } = await read(cursor, 1)
      for (const { accountId } of items) seen.add(accountId)
      cursor = nextCursor
    }
    expect(seen.has(late.id)).toBeFalse()
    await commit()
    const rest = await readOn(cursor, 1)
    // A reading ends at the transactions that its first page knew of; the next one begins where they may have been open.
    const next = await readOn(rest.nextCursor)
    for (const { accountId } of [...rest.items, ...next.items]) seen.add(accountId)
    expect([...accounts, late].filter(({ id }) => !seen.has(id))).toEqual([])
  }
})

test('while a transaction is held open a reading still ends, however many changes wait behind it', async () => {
  const since = await now()
  const accounts: Given[] = await Promise.all(Array.from({ length: 7 }, () => givenAccount(app)))
  const commit = await heldChange((await givenAccount(app)).id)
  for (const { id } of accounts) await change(id)
  const seen = new Set<string | null>()
  let cursor = since
  for (let page = 0; page < 4; page++) {
    const { items, nextCursor } = await read(cursor, 2)
    for (const { accountId } of items) seen.add(accountId)
    cursor = nextCursor
  }
  await commit()
  expect(seen).toEqual(new Set(accounts.map(({ id }) => id)))
})

test('changes of one transaction are split between pages, and none is lost', async () => {
  const since = await now()
  const accounts: Given[] = await Promise.all(Array.from({ length: 5 }, () => givenAccount(app)))
  await sql.begin(async (tx) => {
    for (const { id } of accounts) await tx`select 1 from record_authz_change(${id}, 'state')`
  })
  const first = await read(since, 2)
  const second = await read(first.nextCursor, 2)
  const third = await read(second.nextCursor, 2)
  const found = [first, second, third].flatMap(({ items }) => items.map(({ accountId }) => accountId))
  expect(found).toEqual(accounts.map(({ id }) => id))
})

test('a reading ends although a change is made between each two of its pages, so a late one is reached', async () => {
  const since = await now()
  const accounts: Given[] = await Promise.all(Array.from({ length: 3 }, () => givenAccount(app)))
  const [late, newer] = [await givenAccount(app), await givenAccount(app)]
  const commit = await heldChange(late.id)
  for (const { id } of accounts) await change(id)
  const seen: (string | null)[] = []
  let cursor = since
  for (let page = 0; page < 4; page++) {
    const { items, nextCursor } = await read(cursor, 1)
    seen.push(...items.map(({ accountId }) => accountId))
    cursor = nextCursor
    if (page === 0) await commit()
    await change(newer.id)
  }
  expect(seen).toEqual([...accounts, late].map(({ id }) => id))
})
