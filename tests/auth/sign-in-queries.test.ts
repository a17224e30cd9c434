import { expect, test } from 'bun:test'
import { session as entity } from '../../src/audit/actor.ts'
import { mintSession } from '../../src/auth/session-body.ts'
import { insertSession } from '../../src/auth/sign-in-queries.ts'
import type { Db } from '../../src/db/types.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'

const app = await openTestApp()
const { deps, sql } = app
const origin = { ip: '192.0.2.1', userAgent: 'test', requestId: 'test' }

test('a session that is sent together with its proof is opened by that proof alone, in the same transaction', async () => {
  const { id } = await givenAccount(app)
  const key = deps.counterKey('email', id)
  const open = (db: Db) => {
    const { session } = mintSession(deps, id, { origin, amr: ['pwd'] })
    const audit = deps.audit.row({ principal: { accountId: id }, origin }, 'session.create', entity(session.id))
    const reservation = { key, attemptId: Bun.randomUUIDv7(), counter: 'email' as const }
    return insertSession(db, id, session, { audit, reservation, notices: [], isPipelined: true })
  }
  const written = async () =>
    (
      await sql`
        select (select count(*)::int from sessions where account_id = ${id}) as sessions,
               (select count(*)::int from tokens t join sessions s on s.id = t.session_id where s.account_id = ${id}) as tokens,
               (select count(*)::int from login_attempts where account_id = ${id}) as attempts,
               (select count(*)::int from audit_logs where actor_id = ${id}) as audit,
               (select failures_in_a_row from lockouts where key = ${key}) as failures`
    )[0]
  await sql`insert into lockouts (key, failures_in_a_row) values (${key}, 3)`
  const nothing = { sessions: 0, tokens: 0, attempts: 0, audit: 0, failures: 3 }

  // As when BEGIN failed: the statement before it was skipped, and this one runs by itself.
  expect(await open(sql)).toBeNull()
  expect(await sql.begin(open)).toBeNull()
  await sql`update user_accounts set last_login_at = clock_timestamp() where id = ${id}`
  expect(await sql.begin(open)).toBeNull()
  expect(await written()).toEqual(nothing)

  const opened = await sql.begin(async (tx) => {
    await tx`update user_accounts set last_login_at = clock_timestamp() where id = ${id}`
    return open(tx)
  })
  expect(opened?.id).toBe(id)
  expect(await written()).toEqual({ sessions: 1, tokens: 1, attempts: 1, audit: 1, failures: 0 })
})
