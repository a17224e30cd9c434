import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { expectProblem } from '../../support/problems.ts'
import { openLongTrail, path, start, total, until } from './long-trail.ts'

const { app, admin, bearer, actor, entity, list, all } = await openLongTrail()
const { request, sql } = app

describe('the list', () => {
  test('goes from the newest to the oldest, every row once, whatever the size of its pages', async () => {
    for (const limit of [100, 37]) {
      const items = await all(`from=2026-01-01T00:00:00Z${until}`, limit)
      expect(items).toHaveLength(total)
      expect(items.map(({ at }) => Date.parse(at))).toEqual(
        Array.from({ length: total }, (_, i) => start + (total - 1 - i) * 1000),
      )
    }
  })

  test('does not shift when rows are added between two pages', async () => {
    const first = await list(`action=account.lock&limit=5${until}`)
    await request(`/v1/admin/users/${admin.id}`, { bearer })
    const second = await list(`action=account.lock&limit=5${until}&cursor=${first.nextCursor}`)
    const whole = await list(`action=account.lock&limit=10${until}`)
    expect([...first.items, ...second.items]).toEqual(whole.items)
  })

  const ours = Math.ceil(total / 10)
  test.each([
    ['actor', `actor=${actor}`, ours],
    ['an actor in capitals', `actor=${actor.toUpperCase()}`, ours],
    ['action', 'action=account.lock', ours],
    ['kind of resource', 'resource=account', ours],
    ['resource', `resource=account:${entity}`, ours],
    ['address', 'ip=192.0.2.1', total / 250],
    ['an address in another spelling', 'ip=2001:DB8:0:0:0:0:0:7', ours],
    ['moments: the first is in, the last is not', 'from=2026-01-01T00:00:10Z&to=2026-01-01T00:00:20Z', 10],
    ['moments in another zone', 'from=2026-01-01T05:30:10%2B05:30&to=2026-01-01T05:30:20%2B05:30', 10],
    [
      'all at once',
      `actor=${actor}&action=account.lock&resource=account:${entity}&ip=2001:db8::7&from=2026-01-01T00:00:10Z&to=2026-01-01T00:00:20Z`,
      1,
    ],
    ['what nobody did', `actor=${actor}&action=session.create`, 0],
    ['a resource of another kind', `resource=session:${entity}`, 0],
  ])('is filtered by %s', async (_, query, expected) => {
    expect(await all(query.includes('to=') ? query : query + until)).toHaveLength(Math.ceil(expected))
  })

  test('says who, what, about whom, from where, and what changed', async () => {
    const { items } = await list(`actor=${actor}&limit=1${until}`)
    expect(items[0]).toEqual({
      id: expect.any(String),
      at: '2026-01-01T00:20:30.000Z',
      actorId: actor,
      action: 'account.lock',
      entityType: 'account',
      entityId: entity,
      requestId: 'r1230',
      details: { number: 1230 },
      ipAddress: '2001:db8::7',
      userAgent: '=HYPERLINK("http://evil.test")',
      before: null,
      after: { reason: 'a\n"quoted", ज्ञान' },
    } as never)
  })

  test.each([
    'actor=me',
    'action=lock',
    "action=account.lock'--",
    'resource=account:',
    'resource=account:someone@people.test',
    'resource=account:%00',
    'from=yesterday',
    'to=2026-01-01',
    'from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z',
    'from=2026-03-01T05:30:00%2B05:30&to=2026-02-28T23:59:59Z',
    'format=csv&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z',
    'ip=192.0.2',
    'ip=fe80::1%25eth0',
    'format=xml',
    'limit=0',
    'limit=101',
    'page=2',
    'actor=&actor=',
  ])('refuses ?%s', async (query) => {
    await expectProblem(await request(`${path}?${query}`, { bearer }), 'validation-failed')
  })

  test('refuses a cursor that it did not make, as a stream too', async () => {
    for (const format of ['json', 'csv', 'ndjson'])
      await expectProblem(await request(`${path}?cursor=x&format=${format}`, { bearer }), 'invalid-cursor')
  })
})

describe('reading', () => {
  test.each(['json', 'ndjson', 'csv'])('as %s is itself in the trail, with what was asked', async (format) => {
    const answer = await request(`${path}?format=${format}&actor=${actor}&ip=192.0.2.9`, {
      bearer,
      headers: { 'X-Request-Id': `read-${format}` },
    })
    await answer.text()
    const [row] = await sql`
      select l.action, l.actor_id, l.details, p.data from audit_logs l join audit_personal p on p.audit_id = l.id where request_id = ${`read-${format}`}`
    expect(row).toMatchObject({ action: 'audit.read', actorId: admin.id, details: { actor, format, byAddress: true } })
    // The address may be another person's, whose erasure would not find it here.
    expect(JSON.stringify(row)).not.toContain('192.0.2.9')
  })

  test('that was refused is not', async () => {
    const [before] = await sql`select count(*)::int as rows from audit_logs`
    const { accessToken } = await logIn(app, await givenAccount(app))
    await expectProblem(await request(path, { bearer: accessToken }), 'permission-denied')
    await expectProblem(await request(`${path}?format=csv`), 'authentication-required')
    await expectProblem(await request(`${path}?actor=me`, { bearer }), 'validation-failed')
    // The log-in alone.
    expect(await sql`select count(*)::int as rows from audit_logs`).toMatchObject([{ rows: before?.rows + 1 }])
  })
})
