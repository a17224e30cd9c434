import { describe, expect, test } from 'bun:test'
import type postgres from 'postgres'
import { listAudit } from '../../../src/admin/audit/queries.ts'
import type { Db } from '../../../src/db/types.ts'
import { openTestApp } from '../../support/app.ts'

/** What is rare; where a value is so common that every other row has it, to walk back from the newest is cheaper. */
describe('no filter and no page scans the trail', async () => {
  const large = await openTestApp()
  const [someone, something] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()]
  await large.sql.unsafe(`
    insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, details, personal_hash, key_id, mac)
    select (lpad(to_hex((1767225600000 + i * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid,
           to_timestamp(1767225600 + i), case when i % 400 = 0 then '${someone}' else gen_random_uuid() end::uuid,
           case when i % 300 = 0 then 'account.lock' else 'session.create' end, case when i % 350 = 0 then 'role' when i % 500 = 0 then 'account' else 'session' end,
           case when i % 500 = 0 then '${something}' else i::text end,
           '{}', sha256('x'), 'k', sha256('y')
      from generate_series(1, 40000) i;
    insert into audit_personal (audit_id, account_id, salt, data)
    select id, actor_id, 'x', json_build_object('ip', '192.0.2.' || (abs(hashtext(id::text)) % 2000)) from audit_logs;
    insert into audit_subjects (audit_id, account_id, salt, data) select id, actor_id, 'x', '{}' from audit_logs where entity_type <> 'session' or get_byte(sha256(id::text::bytea), 0) < 26;
    analyze`)

  type Plan = { 'Node Type': string; 'Relation Name'?: string; 'Index Cond'?: string; Filter?: string; Plans?: Plan[] }

  type Tag = (...args: unknown[]) => postgres.Fragment

  /** Tells the plan of the statement instead of running it; what it is put together from is left alone. */
  function explaining(real: Db): { sql: Db; plans: Plan[] } {
    const plans: Plan[] = []
    const sql = new Proxy(real, {
      apply(target, self, args) {
        const query = Reflect.apply(target as unknown as Tag, self, args)
        if (!String(args[0]).trimStart().startsWith('select l.id')) return query
        return real`explain (format json) ${query}`.then(([row]) => {
          plans.push(row?.['QUERY PLAN'][0].Plan)
          return []
        })
      },
    })
    return { sql, plans }
  }

  function nodesOf(plan: Plan): Plan[] {
    return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
  }

  const parts: [string, string][][] = [
    [['actor', someone]],
    [['action', 'account.lock']],
    [
      ['resource', 'role'],
      ['resource', `account:${something}`],
    ],
    [['from', '2026-01-01T05:00:00.000Z']],
    [['to', '2026-01-01T05:10:00.000Z']],
    [['ip', '192.0.2.7']],
  ]
  const filters = parts.reduce<[string, string][][]>(
    (made, choices) => made.flatMap((chosen) => [chosen, ...choices.map((choice) => [...chosen, choice])]),
    [[]],
  )
  const cursor = '019b780b-d500-7000-8000-000000000000'

  test.each(
    filters.map(
      (filter) => [filter.map(([name, value]) => `${name}=${value}`).join('&') || 'nothing', filter] as const,
    ),
  )('for %s', async (_, filter) => {
    for (const before of [null, cursor]) {
      const { sql: explained, plans } = explaining(large.sql)
      await listAudit(explained, Object.fromEntries(filter), 101, before)
      expect(plans).toHaveLength(1)
      for (const node of plans
        .flatMap(nodesOf)
        .filter((each) => each['Relation Name'] || each['Node Type'].includes('Index'))) {
        expect(node['Node Type']).not.toBe('Seq Scan')
        // An index walked from its end is a scan as well, unless every row counts: then the page's limit ends it.
        if (node['Node Type'].startsWith('Index') && !node['Index Cond'])
          expect([filter, before, node.Filter]).toEqual([[], null, undefined])
      }
    }
  })

  test.each([
    ['actor', someone],
    ['action', 'account.lock'],
    ['resource', 'role'],
    ['resource', `account:${something}`],
  ])('and %s=%s is read in its order: no page costs more than another', async (name, value) => {
    const { sql: explained, plans } = explaining(large.sql)
    await listAudit(explained, { [name]: value }, 21, cursor)
    expect(plans.flatMap(nodesOf).map((node) => node['Node Type'])).not.toContain('Sort')
  })
})
