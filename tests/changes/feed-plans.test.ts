import { afterAll, expect, test } from 'bun:test'
import { listAuthzChanges } from '../../src/changes/queries.ts'
import { openTestApp } from '../support/app.ts'
import { blocksOf, nodesOf, openExplained } from '../support/plans.ts'

const lifeSeconds = 1_200

test('among a day of changes a read of the feed looks at the new ones alone, also while a transaction is held open', async () => {
  const { sql, databaseUrl } = await openTestApp()
  const person = Bun.randomUUIDv7()
  await sql`
    insert into authz_changes (account_id, version, kind, at, xid)
    select ${person}, n, 'state', clock_timestamp() - make_interval(secs => 86_400 - n), (n * xmin / 86_000)::text::xid8
      from generate_series(1, 85_900) n, (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin) present`
  await sql`analyze authz_changes`
  const explained = await openExplained(databaseUrl)
  afterAll(explained.close)
  const { position } = await listAuthzChanges(explained.sql, null, lifeSeconds)
  // Begun fifty transactions ago, and still open.
  const held = {
    ...position,
    snapshot: position.snapshot.replace(
      /^\d+:(\d+):.*/,
      (_, xmax) => `${Number(xmax) - 50}:${xmax}:${Number(xmax) - 50}`,
    ),
  }
  // Prepared statements may change their plan after five times.
  for (const from of [null, position, held])
    for (let times = 0; times < 8; times++) {
      const [plan] = await explained.during(() => listAuthzChanges(explained.sql, from, lifeSeconds))
      if (!plan) throw new Error('nothing was explained')
      expect(nodesOf(plan.Plan).map((node) => node['Node Type'])).not.toContain('Seq Scan')
      expect(blocksOf(plan)).toBeLessThan(60)
    }
})
