import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { reasonOf } from '../support/open-database.ts'

const app = await openTestApp()
const { sql } = app

async function refusal(statement: Promise<unknown>): Promise<string> {
  const reason = (await reasonOf(statement)) as { constraint_name?: string; code?: string }
  return reason.constraint_name ?? reason.code ?? String(reason)
}

describe('the last superadmin', () => {
  const countActive = () => sql`select 1 from user_accounts where role = 'superadmin' and status = 'active'`
  const removals: Record<string, (id: string) => Promise<unknown>> = {
    demotion: (id) => sql`update user_accounts set role = 'admin' where id = ${id}`,
    lock: (id) => sql`update user_accounts set status = 'locked' where id = ${id}`,
    erasure: (id) =>
      sql`update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null where id = ${id}`,
    deletion: (id) => sql`delete from user_accounts where id = ${id}`,
  }

  for (const [name, remove] of Object.entries(removals))
    test(`cannot go by ${name}`, async () => {
      const only = await givenAccount(app, { role: 'superadmin' })
      await sql`update user_accounts set role = 'admin' where role = 'superadmin' and id <> ${only.id}`
      expect(await refusal(remove(only.id))).toBe('last_superadmin')
      await givenAccount(app, { role: 'superadmin', status: 'locked' })
      expect(await refusal(remove(only.id))).toBe('last_superadmin')
      await givenAccount(app, { role: 'superadmin' })
      await remove(only.id)
      expect(await countActive()).toHaveLength(1)
    })

  test('cannot go in one statement with all others', async () => {
    await givenAccount(app, { role: 'superadmin' })
    expect(await refusal(sql`update user_accounts set role = 'user' where role = 'superadmin'`)).toBe('last_superadmin')
  })

  for (const isolation of ['read committed', 'repeatable read', 'serializable'])
    test(`stays when the last two are removed by transactions at once (${isolation})`, async () => {
      for (let round = 0; round < 5; round++) {
        const pair = [await givenAccount(app, { role: 'superadmin' }), await givenAccount(app, { role: 'superadmin' })]
        await sql`update user_accounts set role = 'admin' where role = 'superadmin' and id <> all(${pair.map(({ id }) => id)})`
        const both = Promise.withResolvers<void>()
        let begun = 0
        const attempts = pair.map(({ id }, index) =>
          sql.begin(async (tx) => {
            await tx.unsafe(`set transaction isolation level ${isolation}`)
            // Each has its snapshot before either writes.
            await tx`select 1 from user_accounts where id = ${id}`
            if (++begun === 2) both.resolve()
            await both.promise
            if (index === 0) await tx`update user_accounts set role = 'admin' where id = ${id}`
            else await tx`update user_accounts set status = 'locked' where id = ${id}`
          }),
        )
        const outcomes = await Promise.allSettled(attempts)
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
        expect(await countActive()).toHaveLength(1)
      }
    })
})

describe('the audit trail', () => {
  test('takes rows, and never gives one back or changes it', async () => {
    const id = Bun.randomUUIDv7()
    await sql`insert into audit_logs (id, at, action, entity_type, key_id, mac, personal_hash)
      values (${id}, now(), 'a.b', 'x', 'k', ${Buffer.alloc(32)}, ${Buffer.alloc(32)})`
    const attempts = [
      sql`update audit_logs set action = 'c.d' where id = ${id}`,
      sql`update audit_logs set id = ${Bun.randomUUIDv7()} where id = ${id}`,
      sql`delete from audit_logs where id = ${id}`,
      sql`truncate audit_logs cascade`,
    ]
    for (const attempt of attempts) expect(await refusal(attempt)).toBe('audit_append_only')
    expect(await sql`select action from audit_logs where id = ${id}`).toEqual<unknown>([{ action: 'a.b' }])
  })
})

describe('an account', () => {
  test('has one current subscription, however many are begun at once', async () => {
    const { id } = await givenAccount(app)
    const begin = () =>
      sql`insert into user_subscriptions (id, account_id, plan, status) values (${Bun.randomUUIDv7()}, ${id}, 'starter', 'active')`
    expect(await refusal(begin())).toBe('user_subscriptions_one_current')
    await sql`update user_subscriptions set status = 'expired', ended_at = now() where account_id = ${id}`
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, begin))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('has an e-mail that is canonical and its own', async () => {
    const { email } = await givenAccount(app)
    const insert = (address: string) =>
      sql`insert into user_accounts (id, email, password_hash) values (${Bun.randomUUIDv7()}, ${address}, '$argon2id$x')`
    expect(await refusal(insert(email))).toBe('user_accounts_email_key')
    for (const address of [email.toUpperCase(), ` ${email}`, `${'a'.repeat(250)}@b.test`])
      expect(await refusal(insert(address))).toBe('user_accounts_email_check')
  })

  test('has a password only as argon2id', async () => {
    const insert = (hash: string) =>
      sql`insert into user_accounts (id, email, password_hash) values (${Bun.randomUUIDv7()}, ${`${Bun.randomUUIDv7()}@people.test`}, ${hash})`
    for (const hash of ['correct horse battery staple', '$2b$10$abcdefghijklmnopqrstuv', '$argon2i$v=19$x', ''])
      expect(await refusal(insert(hash))).toBe('user_accounts_password_hash_check')
  })

  test('once erased holds nothing of the person', async () => {
    const { id } = await givenAccount(app)
    expect(await refusal(sql`update user_accounts set status = 'deleted', deleted_at = now() where id = ${id}`)).toBe(
      'erased_means_anonymous',
    )
    expect(
      await refusal(
        sql`update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null, first_name = 'Asha' where id = ${id}`,
      ),
    ).toBe('erased_means_anonymous')
    expect(await refusal(sql`update user_accounts set email = null where id = ${id}`)).toBe('erased_means_anonymous')
  })

  test('has a moment of its last change', async () => {
    const { id } = await givenAccount(app)
    await sql`update user_accounts set updated_at = '2020-01-01', first_name = 'Asha' where id = ${id}`
    const [row] =
      await sql`select updated_at > clock_timestamp() - interval '1 minute' as touched from user_accounts where id = ${id}`
    expect(row?.touched).toBeTrue()
  })
})

describe('maintenance', () => {
  test('forgets what is left of replaced tokens after 10 s, and nothing else of them', async () => {
    const { id } = await givenAccount(app)
    const session = Bun.randomUUIDv7()
    await sql`insert into sessions (id, account_id, expires_at) values (${session}, ${id}, now() + interval '1 day')`
    await sql`insert into tokens (session_id, token_hash, expires_at, replaced_at, successor_jti, successor_iat, successor_exp, successor_kid)
      values (${session}, ${Buffer.alloc(32)}, now() + interval '1 day', now() - interval '9 seconds', 'j', 1, 2, 'k')`
    await sql`select forget_successors()`
    const read = () =>
      sql`select successor_jti as jti, successor_kid as kid, replaced_at is not null as replaced from tokens where session_id = ${session}`
    expect(await read()).toEqual<unknown>([{ jti: 'j', kid: 'k', replaced: true }])
    await sql`update tokens set replaced_at = now() - interval '11 seconds' where session_id = ${session}`
    await sql`select forget_successors()`
    expect(await read()).toEqual<unknown>([{ jti: null, kid: null, replaced: true }])
  })

  test('refreshes the views while they are read', async () => {
    await givenAccount(app)
    await sql`select refresh_views()`
    expect(await sql`select 1 from activity_by_day where sign_ups > 0`).toHaveLength(1)
  })
})
