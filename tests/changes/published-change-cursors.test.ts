import { expect, test } from 'bun:test'
import { cutSnapshot } from '../../src/changes/published.ts'
import { listPublishedChanges } from '../../src/changes/published-queries.ts'
import { decodeCursor, encodeCursor } from '../../src/http/output/page.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { createChangeReader } from '../support/change-reader.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { sql } = app
const { accessToken } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
const { ask, read, change } = createChangeReader(app, accessToken)

test('a cursor is good for as long as what follows it is kept, by the clock of the database', async () => {
  const [clock] = await sql<
    { known: string; ms: number }[]
  >`select pg_current_snapshot()::text as known, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms`
  const { known, ms } = clock ?? { known: '', ms: 0 }
  const hoursAgo = (hours: number) => ms - hours * 3_600_000
  const given = (hours: number) => encodeCursor([known, hoursAgo(hours), null, null, null, null])
  await read(given(22.9))
  for (const hours of [23.1, 24, 25, 1_000]) await expectProblem(await ask(`?since=${given(hours)}`), 'cursor-expired')
  // Within a reading it is the age of its beginning that counts: what it has still to read is as old.
  const within = encodeCursor([known, hoursAgo(25), '5', 5, known, ms])
  await expectProblem(await ask(`?since=${within}`), 'cursor-expired')
  for (const account of [await givenAccount(app), await givenAccount(app)]) await change(account.id)
  const { nextCursor } = await read(given(20), 1)
  const shape = ['string', 'number', 'string', 'number', 'string', 'number'] as const
  expect(decodeCursor(nextCursor, shape)[1]).toBe(hoursAgo(20))
})

test('a cursor from the future of this database, which was restored from a backup, has expired', async () => {
  const ahead = encodeCursor(['5:9000000000000000000:', Date.now(), null, null, null, null])
  await expectProblem(await ask(`?since=${ahead}`), 'cursor-expired')
})

test('a cursor that was not given out is refused', async () => {
  const at = Date.now()
  const snapshots = [
    '',
    '5',
    '5:6',
    '0:6:',
    '6:5:',
    '5:6:7',
    '5:9:8,7',
    '5:9:,',
    '5:9:6,',
    '-5:6:',
    '05:6:',
    '5:6::',
    "5:6:'",
  ]
  const cursors = [
    'x',
    encodeCursor([]),
    encodeCursor(['5:6:', at]),
    encodeCursor(['5:6:', 0.5, null, null, null, null]),
    encodeCursor(['99999999999999999999:99999999999999999999:', at, null, null, null, null]),
    ...snapshots.map((snapshot) => encodeCursor([snapshot, at, null, null, null, null])),
    ...snapshots.map((snapshot) => encodeCursor(['5:6:', at, '5', 1, snapshot, at])),
    encodeCursor(['5:6:', at, 'x', 1, '5:6:', at]),
  ]
  for (const cursor of cursors) await expectProblem(await ask(`?since=${cursor}`), 'invalid-cursor')
  await read(encodeCursor(['5:9:6,7', at, null, null, null, null]))
  await expectProblem(await ask('?cursor=x'), 'validation-failed')
  await expectProblem(await ask('?limit=101'), 'validation-failed')
})

test('a snapshot too long for a cursor is cut so that changes come twice rather than never', async () => {
  const inProgress = Array.from({ length: 200 }, (_, n) => 1_000 + n).join()
  expect(cutSnapshot(`1000:2000:${inProgress}`)).toBe('1000:1000:')
  expect(cutSnapshot('1000:2000:1000,1500')).toBe('1000:2000:1000,1500')
  const { nextCursor } = await read()
  const [known = ''] = decodeCursor(nextCursor, ['string', 'number', 'string?', 'number?', 'string?', 'number?'])
  const person = await givenAccount(app)
  await change(person.id)
  const cut = encodeCursor([
    cutSnapshot(`${known.split(':')[0]}:9999:${inProgress}`),
    Date.now(),
    null,
    null,
    null,
    null,
  ])
  for (const { items } of [await read(cut), await read(cut)])
    expect(items.map(({ accountId }) => accountId)).toContain(person.id)
})

test('a reading walks the index of transactions, no further than its page, and scans no table', async () => {
  await sql`insert into authz_changes (kind, catalogue_version, xid) select 'catalogue', 1, n::text::xid8 from generate_series(1, 20000) n`
  await sql`analyze authz_changes`
  for (const position of [
    { known: null, after: { xid: '0', id: 0 }, until: null },
    { known: '10000:10000:', after: { xid: '10000', id: 0 }, until: null },
    { known: '9000:9500:9100', after: { xid: '10000', id: 1 }, until: '15000:15000:' },
  ]) {
    const [before, after] = await sql.begin(async (tx) => {
      const statistics = async () => {
        const [row] = await tx<
          { scans: number; fetched: number }[]
        >`select seq_scan::int as scans, idx_tup_fetch::int as fetched from pg_stat_xact_user_tables where relname = 'authz_changes'`
        return row ?? { scans: Number.NaN, fetched: Number.NaN }
      }
      const begun = await statistics()
      expect((await listPublishedChanges(tx, position, 21)).changes).toHaveLength(21)
      return [begun, await statistics()]
    })
    expect(after.scans - before.scans).toBe(0)
    expect(after.fetched - before.fetched).toBeLessThan(100)
  }
})
