import { expect } from 'bun:test'
import { account, session } from '../../../src/audit/actor.ts'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'

export type Item = {
  id: string
  at: string
  actorId: string | null
  action: string
  entityType: string
  entityId: string | null
  ipAddress: string | null
}
export type List = { items: Item[]; nextCursor: string | null }

export const path = '/v1/admin/audit-logs'
export const start = Date.UTC(2026, 0, 1)
export const total = 1_234
/** Leaves out what the tests themselves do. */
export const until = '&to=2026-02-01T00:00:00Z'

/**
 * A service whose trail has one row a second from the start of 2026 on; every tenth by one actor, about one entity, from
 * one address. And how its administrator reads it.
 */
export async function openLongTrail() {
  const app = await openTestApp()
  const { request, sql, deps } = app
  const admin = await givenAccount(app, { role: 'admin' })
  const { accessToken: bearer } = await logIn(app, admin)
  const actor = Bun.randomUUIDv7()
  const entity = Bun.randomUUIDv7()
  const rows = Array.from({ length: total }, (_, i) => {
    const ours = i % 10 === 0
    const principal = { accountId: ours ? actor : Bun.randomUUIDv7() }
    const origin = {
      ip: ours ? '2001:db8::7' : `192.0.2.${i % 250}`,
      userAgent: '=HYPERLINK("http://evil.test")',
      requestId: `r${i}`,
    }
    return deps.audit.row(
      { principal, origin },
      ours ? 'account.lock' : 'session.create',
      ours ? account(entity) : session(Bun.randomUUIDv7()),
      { details: { number: i }, ...(ours && { after: { reason: 'a\n"quoted", ज्ञान' } }) },
    )
  })
  for (const [i, { personal, salt, mac, personalHash, subject, subjectHash, ...row }] of rows.entries()) {
    const at = new Date(start + i * 1000)
    const id = Bun.randomUUIDv7('hex', at)
    await sql`
    with row as (
      insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, subject_hash, key_id, mac)
      values (${id}, ${at}, ${row.actorId}, ${row.action}, ${row.entityType}, ${row.entityId}, ${row.requestId}, ${row.details}::text::json, ${personalHash}, ${subjectHash}, ${row.keyId}, ${mac}))
    insert into audit_personal (audit_id, account_id, salt, data) values (${id}, ${row.accountId}, ${salt}, ${personal}::text::json)`
    if (subject)
      await sql`
        insert into audit_subjects (audit_id, account_id, salt, data)
        values (${id}, ${subject.accountId}, ${subject.salt}, ${subject.data}::text::json)`
  }

  async function list(query: string): Promise<List> {
    const response = await request(`${path}?${query}`, { bearer })
    expect(response.status).toBe(200)
    return bodyOf<List>(response)
  }

  /** Every page of a list, `limit` items at a time. */
  async function all(query: string, limit = 100): Promise<Item[]> {
    const items: Item[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: List = await list(`${query}&limit=${limit}${cursor && `&cursor=${cursor}`}`)
      items.push(...page.items)
      cursor = page.nextCursor
    }
    return items
  }

  async function text(query: string): Promise<string> {
    const response = await request(`${path}?${query}`, { bearer })
    expect(response.status).toBe(200)
    return response.text()
  }

  return { app, admin, bearer, actor, entity, list, all, text }
}
