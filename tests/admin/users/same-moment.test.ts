import { expect, test } from 'bun:test'
import { account } from '../../../src/audit/actor.ts'
import { createAudit } from '../../../src/audit/record.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'

const app = await openTestApp()
const { request, sql, config } = app
const admin = await signedIn(app, { role: 'admin' })
const person = await signedIn(app, { plan: 'business', role: 'subscriber' })

type Page = { items: { id: string }[]; nextCursor: string | null }

/** The ids of a whole list, `limit` items at a time. */
async function idsOf(path: string, bearer: string, limit: number): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page = await bodyOf(await request(`${path}limit=${limit}${cursor && `&cursor=${cursor}`}`, { bearer }))
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  return ids
}

const moment = Date.UTC(2026, 4, 5)
const audit = createAudit(config.auditKeys, () => moment)
for (let i = 0; i < 40; i++)
  await audit.record(sql, { principal: { accountId: person.id }, origin: null }, 'account.read', account(person.id))
await sql`
  insert into user_accounts (id, email, password_hash, created_at)
  select uuid_v7(), 'tie-' || n || '@people.test', (select password_hash from user_accounts limit 1), '2026-05-05' from generate_series(1, 40) n`
await sql`
  insert into user_subscriptions (id, account_id, plan, status, started_at)
  select uuid_v7('2026-05-05'), id, 'free', 'active', '2026-05-05' from user_accounts where email like 'tie-%'`

const lists: [string, string, string][] = [
  ['the trail', `/v1/admin/audit-logs?actor=${person.id}&action=account.read&`, admin.bearer],
  ['the own trail', '/v1/me/audit-logs?', person.bearer],
  ['subscriptions', '/v1/admin/subscriptions?', admin.bearer],
  ['people by their joining', '/v1/admin/users?q=tie-&sort=createdAt&', admin.bearer],
  ['people by their last log-in, which they have none of', '/v1/admin/users?q=tie-&sort=-lastLoginAt&', admin.bearer],
]
test.each(lists)(
  'of rows of one moment %s loses none and repeats none, in pages of any size',
  async (_, path, bearer) => {
    const all = await idsOf(path, bearer, 100)
    expect(all.length).toBeGreaterThanOrEqual(40)
    expect(new Set(all).size).toBe(all.length)
    for (const limit of [1, 3, 7, 39]) expect(await idsOf(path, bearer, limit)).toEqual(all)
  },
)
