import { describe, expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { givenWholeLife } from '../support/whole-life.ts'
import { personalData } from './personal-data.ts'

const app = await openTestApp()
const { request, sql } = app
const admin = await signedIn(app, { role: 'admin' })

async function columns(): Promise<Record<string, string[]>> {
  const rows = await sql<{ table: string; column: string }[]>`
    select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'm', 'p') and c.relnamespace = 'public'::regnamespace`
  const tables = Object.groupBy(rows, ({ table }) => table)
  return Object.fromEntries(
    Object.entries(tables).map(([table, found = []]) => [table, found.map(({ column }) => column)]),
  )
}

const words = (text: string) => text.split(' ').filter((word) => word !== '')
const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const countOf = async (table: string, of: string, id: string) => {
  const condition = of.includes('(') ? `${of} = '${id}')` : `${of} = '${id}'`
  const [row] = await sql.unsafe<{ count: number }[]>(`select count(*)::int as count from ${table} where ${condition}`)
  return row?.count ?? 0
}

test('every table and every column is in the list, and nothing else is', async () => {
  const listed = Object.fromEntries(
    Object.entries(personalData).map(([table, { personal, other }]) => [table, words(`${personal} ${other}`).sort()]),
  )
  expect(Object.fromEntries(Object.entries(await columns()).map(([table, names]) => [table, names.sort()]))).toEqual(
    listed,
  )
})

test('whatever refers to an account, or is called like something personal, is listed as somebody’s', async () => {
  const references = await sql<{ table: string; columns: string[] }[]>`
    select c.conrelid::regclass::text as table, array_agg(a.attname::text order by a.attname) as columns
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f' and c.confrelid = 'user_accounts'::regclass group by 1`
  // By the account's id; where a table has no such column, by the only one that refers to an account.
  for (const { table, columns } of references)
    expect([table, personalData[table]?.of]).toEqual([
      table,
      columns.includes('account_id') ? 'account_id' : columns.join(),
    ])
  const suspicious = /account_id|actor_id|^email|^ip_|user_agent|phone|first_name|last_name|reason/
  // Rows without their persons; addresses that are counted, and counted again without those of whoever is erased (admin/analytics/sums).
  const ofNobody = ['audit_archive', 'failing_addresses']
  for (const [table, names] of Object.entries(await columns()))
    if (names.some((name) => suspicious.test(name)) && !ofNobody.includes(table))
      expect([table, personalData[table]?.of !== undefined]).toEqual([table, true])
})

describe('the list of personal data is complete', () => {
  test('an export has a row of every table that concerns the person, with everything personal', async () => {
    const person = await givenWholeLife(app, admin)
    const parts = await bodyOf<Record<string, Record<string, unknown>[]>>(
      await request('/v1/me/export', { bearer: person.bearer }),
    )
    for (const [table, { of, exported, personal }] of Object.entries(personalData)) {
      if (!of || !exported) continue
      const rows = parts[exported] ?? []
      // Whatever the whole life left in the table is in the export, to the last row; the trail has both of its tables in one part.
      const stored = await countOf(table, of, person.id)
      const found = stored > 0 ? 'rows' : 'none: let tests/support/whole-life.ts leave a row in it'
      expect([table, found, exported === 'auditTrail' || rows.length === stored]).toEqual([table, 'rows', true])
      const keys = new Set(rows.flatMap((row) => Object.keys(row)))
      for (const column of words(personal))
        expect([table, column, keys.has(exportedName(column))]).toEqual([table, column, true])
    }
    const text = JSON.stringify(parts)
    for (const trace of [
      'email',
      'firstName',
      'earlierName',
      'lastName',
      'phone',
      'address',
      'otherAddress',
      'userAgent',
      'lockReason',
    ])
      expect([trace, text.includes(person.traces[trace] ?? '?')]).toEqual([trace, true])
  })

  test('an erasure deletes what is to be deleted and keeps what is to be kept', async () => {
    const person = await givenWholeLife(app, admin)
    await sql`select refresh_views()`
    const before = new Map<string, number>()
    for (const [table, { of }] of Object.entries(personalData))
      if (of) before.set(table, await countOf(table, of, person.id))
    expect([...before].filter(([, count]) => count === 0)).toEqual([])
    expect((await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer: admin.bearer })).status).toBe(204)
    await sql`select refresh_views()`
    for (const [table, { of, erasure }] of Object.entries(personalData)) {
      if (!of) continue
      const left = await countOf(table, of, person.id)
      expect([table, erasure === 'deleted' ? left === 0 : left >= (before.get(table) ?? 0)]).toEqual([table, true])
    }
    const personal = words(personalData.user_accounts?.personal ?? '')
    const [account = {}] = await sql.unsafe<Record<string, unknown>[]>(
      `select ${personal.join(', ')} from user_accounts where id = '${person.id}'`,
    )
    expect(account).toEqual({
      ...Object.fromEntries(personal.map((column) => [camel(column), null])),
      language: 'en',
      timezone: 'UTC',
      consents: {},
      secondFactors: [],
    })
  })
})

/** What a column is called in the export, where its name alone would say too little. */
function exportedName(column: string): string {
  return { billing_interval: 'interval', limit_value: 'limit', data: 'personal' }[column] ?? camel(column)
}
