import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { verifyAudit } from '../../src/audit/verify.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { startJobs } from '../../src/jobs/schedule.ts'
import { writeRows } from '../audit/trail.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp, patience, type TestApp, testSecrets } from '../support/app.ts'
import { hold, outsideOf, until, untilGone, waiter } from './locks.ts'

const dayAgo = () => new Date(Date.now() - 86_400_000)

describe('kill -9 in the middle', () => {
  function startElsewhere({ databaseUrl }: TestApp, job: string) {
    const environment = {
      ...testSecrets,
      ...patience,
      PATH: process.env.PATH ?? '',
      DATABASE_URL: databaseUrl,
      DB_POOL_MIN: '1',
    }
    return Bun.spawn([process.execPath, join(import.meta.dir, 'job-child.ts'), job], {
      env: environment,
      stderr: 'inherit',
    })
  }

  test('of ending what has expired: nothing is half done, and the next run does it all', async () => {
    const app = await openTestApp()
    const accounts = [
      await givenAccount(app, { plan: 'starter', endsAt: dayAgo() }),
      await givenAccount(app, { plan: 'starter', endsAt: dayAgo() }),
    ]
    const plans = () => app.sql`select plan from user_subscriptions where ended_at is null order by account_id`
    const outside = outsideOf(app)
    const letGo = await hold(outside, `select 1 from user_accounts where id = '${accounts[1]?.id}' for update`)
    const child = startElsewhere(app, 'end-expired')
    const pid = await waiter(outside)
    child.kill('SIGKILL')
    await child.exited
    await outside`select pg_terminate_backend(${pid})`
    await untilGone(outside, pid)
    await letGo()
    expect(await plans()).toMatchObject([{ plan: 'starter' }, { plan: 'starter' }])
    expect(await runJobNow(app.deps, 'end-expired')).toBe(2)
    expect(await plans()).toMatchObject([{ plan: 'free' }, { plan: 'free' }])
  })

  test('of sealing: no row is lost to the seal, and the next run seals it', async () => {
    const app = await openTestApp()
    await writeRows(app, 12)
    const outside = outsideOf(app)
    const letGo = await hold(outside, 'lock table audit_checkpoints in share mode')
    const child = startElsewhere(app, 'seal-audit')
    const pid = await waiter(outside)
    child.kill('SIGKILL')
    await child.exited
    await letGo()
    await untilGone(outside, pid)
    expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: 0, unsealed: 12 })
    expect(await runJobNow(app.deps, 'seal-audit')).toMatchObject([{ id: 1, rowCount: 12 }])
    expect(await verifyAudit(app.deps, null)).toMatchObject({ ok: true, rows: 12, unsealed: 0 })
  })
})

describe('after a day without jobs', () => {
  test('rights had ended at their second, the subscription told so, and one run puts the rows right', async () => {
    const app = await openTestApp()
    const { sql } = app
    const endsAt = dayAgo()
    const person = await givenAccount(app, { role: 'subscriber', plan: 'professional', endsAt })
    await sql`insert into account_features (account_id, feature, granted, expires_at, reason) values (${person.id}, 'sso_oauth', true, ${endsAt}, 'a favour')`
    const { accessToken } = await logIn(app, person)
    expect((await app.request('/v1/entitlements/premium_dashboard', { bearer: accessToken })).status).toBe(403)
    expect((await app.request('/v1/entitlements/sso_oauth', { bearer: accessToken })).status).toBe(403)
    expect(await bodyOf(await app.request('/v1/subscription', { bearer: accessToken }))).toMatchObject({
      plan: { name: 'free' },
    })
    expect(await runJobNow(app.deps, 'end-expired')).toBe(1)
    expect(
      await sql`select plan, status, started_at, ended_at from user_subscriptions where account_id = ${person.id} order by started_at desc`,
    ).toMatchObject([
      { plan: 'professional', status: 'expired', endedAt: endsAt },
      { plan: 'free', status: 'active', startedAt: endsAt, endedAt: null },
    ])
    expect(await sql`select role from user_accounts where id = ${person.id}`).toMatchObject([{ role: 'user' }])
    expect(await sql`select 1 from account_features where account_id = ${person.id}`).toHaveLength(0)
    expect(await runJobNow(app.deps, 'end-expired')).toBe(0)
  })

  test('more than one batch has run out: the runner goes on until all of it is right', async () => {
    const app = await openTestApp({ JOBS: 'inline' })
    await app.sql`
      insert into user_accounts (id, email, password_hash) select gen_random_uuid(), i || '@many.test', '$argon2id$' from generate_series(1, 1100) i`
    await app.sql`
      insert into user_subscriptions (id, account_id, plan, status, current_period_end)
      select gen_random_uuid(), id, 'starter', 'active', ${dayAgo()} from user_accounts`
    const due = async () =>
      (await app.sql`select 1 from user_subscriptions where ended_at is null and plan = 'starter'`).length
    const stop = startJobs(app.deps)
    await until(async () => (await due()) === 0)
    await stop()
    expect(await app.sql`select 1 from user_subscriptions where ended_at is null and plan = 'free'`).toHaveLength(1100)
  })

  test('what nobody can use any more is deleted, and nothing else', async () => {
    const app = await openTestApp()
    const { sql } = app
    const person = await logIn(app, await givenAccount(app))
    const old = await logIn(app, await givenAccount(app))
    const past = await logIn(app, await givenAccount(app))
    await sql`update sessions set ended_at = clock_timestamp() - interval '25 hours' where account_id = ${old.user.id}`
    await sql`update sessions set expires_at = clock_timestamp() - interval '25 hours' where account_id = ${past.user.id}`
    await sql`update login_attempts set at = at - interval '91 days' where account_id = ${old.user.id}`
    await sql`update authz_changes set at = at - interval '25 hours'`
    await sql`insert into lockouts (key, updated_at) values (sha256('quiet'), clock_timestamp() - interval '26 hours'), (sha256('recent'), clock_timestamp() - interval '24 hours')`
    await sql`
      insert into idempotency_keys (account_id, method, path, key, request_hash, status, created_at)
      select ${person.user.id}, 'POST', '/v1/x', age, sha256('x'), 204, clock_timestamp() - age::interval from unnest(array['23 hours', '25 hours']) age`
    const result = await runJobNow(app.deps, 'purge-expired')
    expect(result).toMatchObject({ sessions: 2, lockouts: 1, loginAttempts: 1, idempotencyKeys: 1 })
    expect(await sql`select account_id from sessions`).toMatchObject([{ accountId: person.user.id }])
    expect(await sql`select 1 from tokens`).toHaveLength(1)
    expect(await sql`select 1 from login_attempts`).toHaveLength(2)
    expect((await app.request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
  })
})
