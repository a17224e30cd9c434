import { describe, expect, test } from 'bun:test'
import { lockAccount } from '../../src/access/hierarchy.ts'
import { consumeLink, createLink, type LinkKind, linkUrl } from '../../src/account-links/links.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { givenAccount, newEmail } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const { sql, request } = app
const codeOf = (error: unknown) => (error instanceof AppError ? error.code : error)
const use = (kind: LinkKind, token: string) => sql.begin((tx) => consumeLink(tx, kind, token))
const outcome = (kind: LinkKind, token: string) => use(kind, token).then(() => 'used', codeOf)

async function made(kind: LinkKind, account: { id: string; email: string }, email = account.email): Promise<string> {
  const token = await createLink(sql, { accountId: account.id, kind, email })
  expect(token).not.toBeNull()
  return token ?? ''
}

describe('a link', () => {
  test('is 256 random bits in the fragment of a page under the configured URL; the database has its hash alone', async () => {
    const person = await givenAccount(app)
    const token = await made('reset-password', person)
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(linkUrl('https://app.example', 'reset-password', token)).toBe(
      `https://app.example/account/reset-password#token=${token}`,
    )
    const rows = await sql`select 1 from account_links l where position(${token} in l::text) > 0`
    expect(rows).toHaveLength(0)
  })

  test('of 16 parallel uses one wins', async () => {
    const token = await made('verify-email', await givenAccount(app))
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => outcome('verify-email', token)))
    expect(outcomes.filter((result) => result === 'used')).toHaveLength(1)
    expect(outcomes.filter((result) => result === 'invalid-link')).toHaveLength(15)
  })

  test('that is wrong, used, expired or of another kind is refused alike', async () => {
    const person = await givenAccount(app)
    const [used, expired, other] = [
      await made('reset-password', person),
      await made('verify-email', person),
      await made('confirm-email', person),
    ]
    expect(await outcome('reset-password', used)).toBe('used')
    await sql`update account_links set expires_at = clock_timestamp() where account_id = ${person.id} and kind = 'verify-email'`
    expect(await outcome('reset-password', used)).toBe('invalid-link')
    expect(await outcome('verify-email', expired)).toBe('invalid-link')
    expect(await outcome('verify-email', other)).toBe('invalid-link')
    expect(await outcome('verify-email', 'x'.repeat(43))).toBe('invalid-link')
    expect(await outcome('confirm-email', other)).toBe('used')
  })

  test('that is used voids the others of its kind, and no other', async () => {
    const person = await givenAccount(app)
    const tokens = [await made('reset-password', person), await made('reset-password', person)]
    const verification = await made('verify-email', person)
    expect(await outcome('reset-password', tokens[1] ?? '')).toBe('used')
    expect(await outcome('reset-password', tokens[0] ?? '')).toBe('invalid-link')
    expect(await outcome('verify-email', verification)).toBe('used')
  })

  test('that expires while its use waits for the account is refused', async () => {
    const person = await givenAccount(app)
    const token = await made('reset-password', person)
    let late: Promise<unknown> | undefined
    await sql.begin(async (tx) => {
      await lockAccount(tx, person.id)
      const [{ pid } = { pid: 0 }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      late = outcome('reset-password', token)
      const isWaiting = async () =>
        (await sql`select from pg_stat_activity where ${pid}::int = any(pg_blocking_pids(pid))`).length > 0
      await until(isWaiting, 30, 'the use to wait')
      await tx`update account_links set expires_at = clock_timestamp() where account_id = ${person.id}`
    })
    expect(await late).toBe('invalid-link')
  })

  test('whose use is rolled back is good again', async () => {
    const person = await givenAccount(app)
    const token = await made('reset-password', person)
    const failed = sql.begin(async (tx) => {
      await consumeLink(tx, 'reset-password', token)
      throw new Error('a fault')
    })
    await expect(failed).rejects.toThrow('a fault')
    expect(await outcome('reset-password', token)).toBe('used')
  })
})

describe('of one kind', () => {
  test('three live at most, however many are asked for at once; an expired one makes room', async () => {
    const person = await givenAccount(app)
    const link = { accountId: person.id, kind: 'reset-password' as const, email: person.email }
    await Promise.all(Array.from({ length: 20 }, () => createLink(sql, link)))
    for (let i = 0; i < 3; i++) await createLink(sql, link)
    expect(await createLink(sql, link)).toBeNull()
    const live = await sql`select 1 from account_links where account_id = ${person.id}`
    expect(live).toHaveLength(3)
    await sql`update account_links set expires_at = clock_timestamp() where account_id = ${person.id} and slot = 2`
    expect(await createLink(sql, link)).not.toBeNull()
    expect(await createLink(sql, link)).toBeNull()
  })

  test('undo links are not counted, and using one voids those of later changes alone', async () => {
    const person = await givenAccount(app)
    const tokens: string[] = []
    for (let i = 0; i < 5; i++) tokens.push(await made('undo-email', person, newEmail()))
    expect(await outcome('undo-email', tokens[2] ?? '')).toBe('used')
    expect(await outcome('undo-email', tokens[4] ?? '')).toBe('invalid-link')
    expect(await outcome('undo-email', tokens[0] ?? '')).toBe('used')
    expect(await outcome('undo-email', tokens[1] ?? '')).toBe('invalid-link')
  })
})

describe('an address with an undo link', () => {
  test('is taken for everybody but its last account, until the link expires', async () => {
    const person = await givenAccount(app)
    const former = newEmail()
    await made('undo-email', person, former)
    const register = () => request('/v1/auth/register', { json: { email: former, password: person.password } })
    await expectProblem(await register(), 'email-taken')
    await sql`update user_accounts set email = ${former} where id = ${person.id}`
    await sql`update user_accounts set email = ${person.email} where id = ${person.id}`
    await sql`update account_links set expires_at = clock_timestamp() where account_id = ${person.id}`
    expect((await register()).status).toBe(201)
  })

  test('is taken also for who waited in the index while the change was made', async () => {
    const person = await givenAccount(app)
    const other = await givenAccount(app)
    const changed = Promise.withResolvers<void>()
    const waiting = Promise.withResolvers<void>()
    const change = sql.begin(async (tx) => {
      await createLink(tx, { accountId: person.id, kind: 'undo-email', email: person.email })
      await tx`update user_accounts set email = ${newEmail()} where id = ${person.id}`
      changed.resolve()
      await waiting.promise
    })
    await changed.promise
    const taken = sql`update user_accounts set email = ${person.email} where id = ${other.id}`.then(
      () => 'taken',
      (error: { constraint_name?: string }) => error.constraint_name,
    )
    const isWaiting = async () =>
      (await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
        .length > 0
    while (!(await isWaiting())) await Bun.sleep(5)
    waiting.resolve()
    await change
    expect(await taken).toBe('user_accounts_email_key')
  })
})
