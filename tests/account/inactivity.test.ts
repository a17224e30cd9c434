import { expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { type Given, givenAccount, logIn } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { mailsTo, sendMailsTo } from '../support/mails.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp({ INACTIVE_ACCOUNT_DAYS: '365' })
const { sql } = app
const run = () => runJobNow(app.deps, 'erase-inactive')
const unused = (id: string, days: number) =>
  sql`update user_accounts set created_at = clock_timestamp() - ${`${days} days`}::interval, last_login_at = clock_timestamp() - ${`${days} days`}::interval where id = ${id}`
const statusOf = async (id: string) =>
  (await sql<{ status: string }[]>`select status from user_accounts where id = ${id}`)[0]?.status
const noticesOf = async ({ email }: { email: string }) =>
  (await mailsTo(app, email)).map(({ contents }) => contents.lastNotice)
const wait = (id: string, interval: string) => sql`
  update inactivity_notices set erase_at = erase_at - ${interval}::interval, first_at = first_at - ${interval}::interval,
         first_sent_at = first_sent_at - ${interval}::interval, last_at = last_at - ${interval}::interval,
         last_sent_at = last_sent_at - ${interval}::interval where account_id = ${id}`

/** People whose account was unused for 400 days, told twice by mails that were sent, as long before as is needed: the next run erases them. */
async function due<N extends number[]>(...names: N) {
  const people = await Promise.all(names.map(() => givenAccount(app)))
  const forAll = (act: (person: Given) => Promise<unknown>) => Promise.all(people.map(act))
  const tell = async () => {
    await run()
    await forAll(({ email }) => sendMailsTo(app, email))
    await run()
  }
  await forAll(({ id }) => unused(id, 400))
  await tell()
  await forAll(({ id }) => wait(id, '29 days'))
  await tell()
  await forAll(({ id }) => wait(id, '73 hours'))
  return people as { [K in keyof N]: Given }
}

test('whoever does not use an account is told twice, then erased, and told', async () => {
  const person = await givenAccount(app)
  const { id } = person
  await unused(id, 334)
  expect(await run()).toBe(0)
  await unused(id, 336)
  expect(await run()).toBe(1)
  expect(await noticesOf(person)).toEqual([false])
  // A mail that waits still counts as nothing.
  await unused(id, 400)
  await wait(id, '29 days')
  expect(await run()).toBe(0)
  await sendMailsTo(app, person.email)
  expect(await run()).toBe(0)
  await wait(id, '27 days')
  expect(await run()).toBe(0)
  await wait(id, '1 day')
  expect(await run()).toBe(1)
  expect(await noticesOf(person)).toEqual([true])
  await wait(id, '5 days')
  expect(await run()).toBe(0)
  await sendMailsTo(app, person.email)
  expect(await run()).toBe(0)
  await wait(id, '47 hours')
  expect(await run()).toBe(0)
  await wait(id, '2 hours')
  expect(await run()).toBe(1)
  expect(await statusOf(id)).toBe('deleted')
  expect((await mailsTo(app, person.email)).map(({ template, contents }) => [template, contents.by])).toEqual([
    ['account-erased', 'inactivity'],
  ])
  const rows = await sql`select action, actor_id from audit_logs where entity_id = ${id} order by id`
  expect(rows).toEqual<unknown>([
    ...['account.inactivity_notice', 'account.inactivity_notice', 'account.erase'].map((action) => ({
      action,
      actorId: null,
    })),
  ])
  expect(await sql`select 1 from inactivity_notices where account_id = ${id}`).toHaveLength(0)
})

test('nobody is erased before the thirty days after the first notice, nor before the day that the mail names', async () => {
  const [early, named] = await due(1, 2)
  await sql`update inactivity_notices set first_sent_at = clock_timestamp() - interval '29 days' where account_id = ${early.id}`
  await sql`update inactivity_notices set erase_at = clock_timestamp() + interval '1 hour' where account_id = ${named.id}`
  await run()
  expect([await statusOf(early.id), await statusOf(named.id)]).toEqual(['active', 'active'])
  await sql`update user_accounts set created_at = clock_timestamp(), last_login_at = clock_timestamp() where id in (${early.id}, ${named.id})`
})

test('a log-in, a refresh, a key and counted requests in between each cancel it', async () => {
  const people = await due(1, 2, 3, 4)
  const [login, refresh, key, counted] = people
  await logIn(app, login)
  await sql`
    insert into sessions (id, account_id, expires_at) values (${Bun.randomUUIDv7()}, ${refresh.id}, clock_timestamp() + interval '1 day')`
  await sql`
    insert into api_keys (id, account_id, name, prefix, key_hash, permissions, last_used_at)
    values (${Bun.randomUUIDv7()}, ${key.id}, 'k', 'mk_abcdefgh', ${Buffer.alloc(32, 7)}, '{}', clock_timestamp())`
  await sql`
    insert into usage_daily (account_id, day, route, requests)
    values (${counted.id}, (clock_timestamp() at time zone 'UTC')::date, 'GET /v1/me', 1)`
  expect(await run()).toBe(0)
  for (const { id } of people) {
    expect(await statusOf(id)).toBe('active')
    expect(await sql`select 1 from inactivity_notices where account_id = ${id}`).toHaveLength(0)
  }
})

test('whoever comes back while the job is at their account keeps it', async () => {
  const [person] = await due(1)
  let running: Promise<unknown> | undefined
  await sql.begin(async (tx) => {
    await tx`select 1 from user_accounts where id = ${person.id} for no key update`
    const [{ pid } = { pid: 0 }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
    running = run()
    const isWaiting = async () =>
      (await sql`select from pg_stat_activity where ${pid}::int = any(pg_blocking_pids(pid))`).length > 0
    await until(isWaiting, 30, 'the job to wait for the account')
    await tx`update user_accounts set last_login_at = clock_timestamp() where id = ${person.id}`
  })
  await running
  expect(await statusOf(person.id)).toBe('active')
})

test('more days save whoever was told under fewer', async () => {
  const [first, second] = await due(1, 2)
  await sql`update inactivity_notices set last_mail_id = null, last_at = null, last_sent_at = null where account_id = ${second.id}`
  const longer = await openTestApp({ DATABASE_URL: app.databaseUrl, INACTIVE_ACCOUNT_DAYS: '425' })
  await runJobNow(longer.deps, 'erase-inactive')
  expect([await statusOf(first.id), await noticesOf(second)]).toEqual(['active', []])
  await run()
  expect([await statusOf(first.id), await noticesOf(second)]).toEqual(['deleted', [true]])
  await sql`update user_accounts set last_login_at = clock_timestamp() where id = ${second.id}`
})

test('exempt are other plans, levels from 90 on, and who is locked or invited, also after both notices', async () => {
  const people = await due(1, 2, 3, 4)
  const [paying, admin, locked, invited] = people
  await sql`update user_accounts set plan = 'business' where id = ${paying.id}`
  await sql`update user_accounts set role = 'admin' where id = ${admin.id}`
  await sql`update user_accounts set status = 'locked' where id = ${locked.id}`
  await sql`update user_accounts set status = 'invited', is_invited = true, password_hash = null where id = ${invited.id}`
  expect(await run()).toBe(0)
  expect(await Promise.all(people.map(({ id }) => statusOf(id)))).toEqual(['active', 'active', 'locked', 'invited'])
  for (const { id } of people)
    expect(await sql`select 1 from inactivity_notices where account_id = ${id}`).toHaveLength(0)
  expect(await run()).toBe(0)
})

test('a notice that was not sent within a month is begun anew', async () => {
  const person = await givenAccount(app)
  await unused(person.id, 400)
  await run()
  await sql`update mail_outbox set status = 'failed', ended_at = clock_timestamp() where account_id = ${person.id}`
  expect(await run()).toBe(0)
  await wait(person.id, '31 days')
  expect(await run()).toBe(1)
  expect(await statusOf(person.id)).toBe('active')
  expect(await noticesOf(person)).toEqual([false, false])
})

test('a thousand are erased in 24 hours, the others after that', async () => {
  const people = await due(1, 2)
  await sql`delete from inactivity_erasures`
  await sql`insert into inactivity_erasures (accounts) values (999)`
  const erased = async () =>
    (await Promise.all(people.map(({ id }) => statusOf(id)))).filter((s) => s === 'deleted').length
  await run()
  expect(await erased()).toBe(1)
  expect(await run()).toBe(0)
  expect(await erased()).toBe(1)
  await sql`update inactivity_erasures set erased_at = erased_at - interval '25 hours'`
  expect(await run()).toBe(1)
  expect(await erased()).toBe(2)
})

test('it is no job where it is not configured', async () => {
  const other = await openTestApp({ DATABASE_URL: app.databaseUrl })
  expect(other.deps.jobs.map(({ name }) => name)).not.toContain('erase-inactive')
})
