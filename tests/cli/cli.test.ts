import { describe, expect, test } from 'bun:test'
import { commands } from '../../src/cli/commands.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { openTestApp, patience, testSecrets } from '../support/app.ts'
import { runProgram } from '../support/program.ts'

const app = await openTestApp()
const environment = { ...testSecrets, ...patience, DATABASE_URL: app.databaseUrl, DB_POOL_MAX: '10' }
const run = (args: string[], env: Record<string, string> = environment, input = '') => runProgram(args, env, input)

describe('the command line', () => {
  test.each([[['--help']], [['-h']], [[]], [['serve', '--help']]])('explains every command on %p', async (args) => {
    const { code, out, err } = await run(args, {})
    expect([code, err]).toEqual([0, ''])
    for (const name of Object.keys(commands)) expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
  })

  test('tells its version', async () => {
    expect(await run(['--version'], {})).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+ \(.+\)\n$/),
    })
  })

  test.each([
    [['fly']],
    [['toString']],
    [['constructor']],
    [['__proto__']],
    [['serve', 'now']],
    [['--fast']],
    [['serve', '--email', 'a@b.test']],
    [['doctor', '--promote']],
    [['create-admin', '--checkpoint', 'x']],
    [['migrate', '--email']],
  ])('answers 64 and its usage to %p', async (args) => {
    const { code, out, err } = await run(args, {})
    expect([code, out]).toEqual([64, ''])
    expect(err).toContain('Usage: manas360 <command>')
  })

  test.each(['serve', 'migrate', 'create-admin', 'jobs', 'openapi'])(
    '%s answers 78 to bad configuration, every bad variable at once and no value',
    async (command) => {
      const bad = {
        ...environment,
        PORT: '70000',
        DB_POOL_MAX: 'many',
        JWT_SECRET: 'too-short',
        ALLOWED_ORIGINS: '*',
        RATE_LIMIT_AUTH: 'lots',
        METRICS_PORT: '9090',
        AUDIT_KEY: 'short-as-well',
      }
      const { code, out, err } = await run(
        [command, ...(command === 'create-admin' ? ['--email', newEmail()] : [])],
        bad,
      )
      expect([code, out]).toEqual([78, ''])
      for (const name of [
        'PORT',
        'DB_POOL_MAX',
        'JWT_SECRET',
        'ALLOWED_ORIGINS',
        'RATE_LIMIT_AUTH',
        'METRICS_PORT',
        'AUDIT_KEY',
      ])
        expect(err).toContain(`- ${name}: `)
      expect(err).not.toContain('too-short')
      expect(err).not.toContain('short-as-well')
    },
  )

  test('production without anything says all that it needs', async () => {
    const { code, err } = await run(['serve'], { NODE_ENV: 'production' })
    expect(code).toBe(78)
    for (const name of ['DATABASE_URL', 'JWT_SECRET', 'JWT_REFRESH_SECRET', 'AUDIT_KEY', 'DATA_KEY', 'SMTP_URL'])
      expect(err).toContain(`- ${name}: is required`)
  })

  test('the binary without DATABASE_URL says so, and what else is wrong', async () => {
    const invocation = {
      environment: { ...testSecrets, PORT: 'x' },
      options: {},
      args: [],
      dataDirectory: '/nowhere',
      compiled: true,
      print: () => {},
    }
    const error = await commands.migrate?.(invocation).catch((reason) => reason)
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.problems).toEqual([
      expect.stringMatching(/^DATABASE_URL: is required; the compiled binary/),
      expect.stringMatching(/^PORT: /),
    ])
  })

  test('a database that does not answer ends a command with a sentence, and no stack', async () => {
    const { code, out, err } = await run(['create-admin', '--email', newEmail()], {
      ...environment,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
    })
    expect(code).toBe(1)
    expect(out + err).not.toContain('    at ')
    expect(out + err).not.toContain('Password')
  })
})

describe('admin reset-mfa', () => {
  test('removes the second factor of somebody who lost it, ends their sessions, and the trail says so', async () => {
    const person = await registered(app)
    await app.sql`update user_accounts set second_factors = '{totp}' where id = ${person.id}`
    await app.sql`
      insert into totp_factors (id, account_id, secret, confirmed_at) values (${Bun.randomUUIDv7()}, ${person.id}, '\\x00', now())`
    const { code, out } = await run(['admin', 'reset-mfa', '--email', person.email.toUpperCase()])
    expect([code, out]).toEqual([0, expect.stringContaining('has no second factor any more')])
    await logIn(app, person)
    expect(
      await app.sql`select 1 from sessions where account_id = ${person.id} and end_reason = 'second-factor-reset'`,
    ).toHaveLength(1)
    expect(
      await app.sql`select details from audit_logs where action = 'account.reset_mfa' and entity_id = ${person.id}`,
    ).toMatchObject([{ details: { by: 'command-line', removed: { authenticatorApps: 1 } } }])
    expect((await run(['admin', 'reset-mfa', '--email', person.email])).out).toContain('had no second factor')
  })

  test('says what is wrong with how it was called', async () => {
    expect((await run(['admin', 'reset-mfa', '--email', newEmail()])).code).toBe(1)
    for (const args of [['admin'], ['admin', 'reset-mfa'], ['admin', 'other', '--email', newEmail()]])
      expect((await run(args)).code).toBe(64)
  })
})

describe('create-admin', () => {
  test('makes a superadmin whose generated password is shown once, and kept nowhere', async () => {
    const email = newEmail()
    const { code, out } = await run(['create-admin', '--email', ` ${email.toUpperCase()} `])
    expect(code).toBe(0)
    const [, password = ''] = /^Password \(shown once\): (\S+)$/m.exec(out) ?? []
    expect(out.split(password)).toHaveLength(2)
    const { user } = await logIn(app, { email, password })
    expect(user).toMatchObject({ role: 'superadmin', privilegeLevel: 100 })
    expect(
      await app.sql`select details from audit_logs where action = 'account.create' and entity_id = ${user.id}`,
    ).toMatchObject([{ details: { by: 'command-line' } }])
    const [{ text } = { text: '' }] = await app.sql<
      { text: string }[]
    >`select concat((select string_agg(a::text, '') from user_accounts a), (select string_agg(l::text, '') from audit_logs l), (select string_agg(p::text, '') from audit_personal p)) as text`
    expect(text).not.toContain(password)
  })

  test.each([`${goodPassword}`, `${goodPassword}\n`, `${goodPassword}\r\n`])(
    'takes a password from standard input, and does not print it: %j',
    async (input) => {
      const email = newEmail()
      const { code, out, err } = await run(['create-admin', '--email', email, '--password-stdin'], environment, input)
      expect([code, err]).toEqual([0, ''])
      expect(out).not.toContain(goodPassword)
      expect((await logIn(app, { email, password: goodPassword })).user.role).toBe('superadmin')
    },
  )

  test.each(['', 'short', 'password1234', 'manas360manas360'])(
    'refuses the weak password %j, and makes nobody',
    async (input) => {
      const email = newEmail()
      const { code, out } = await run(['create-admin', '--email', email, '--password-stdin'], environment, input)
      expect(code).toBe(1)
      expect(out.length).toBeGreaterThan(10)
      expect(await app.sql`select 1 from user_accounts where email = ${email}`).toHaveLength(0)
    },
  )

  test('of an address that is taken says what its account is, and leaves it as it was', async () => {
    const email = newEmail()
    await run(['create-admin', '--email', email, '--password-stdin'], environment, goodPassword)
    const again = () =>
      run(['create-admin', '--email', email, '--password-stdin'], environment, `${goodPassword} other`)
    const first = await again()
    expect([first.code, first.err]).toEqual([1, ''])
    expect(first.out.split('\n')).toEqual([
      `${email} has an account already: role superadmin, active. Nothing was changed, its password least of all.`,
      expect.stringMatching(new RegExp(`^A forgotten password is reset by mail.* admin reset-mfa --email ${email}$`)),
      '',
    ])
    await app.sql`update user_accounts set role = 'user', status = 'locked' where email = ${email}`
    const { out } = await again()
    expect(out).toContain(`${email} has an account already: role user, locked.`)
    expect(out).toContain(`create-admin --email ${email} --promote`)
    await app.sql`update user_accounts set status = 'active' where email = ${email}`
    await logIn(app, { email, password: goodPassword })
  })

  test('--promote makes an account a superadmin, audited, its password and sessions as they were', async () => {
    await run(['create-admin', '--email', newEmail(), '--password-stdin'], environment, goodPassword)
    const person = await registered(app)
    const promote = () => run(['create-admin', '--email', person.email.toUpperCase(), '--promote'])
    expect(await promote()).toEqual({
      code: 0,
      out: `${person.email} is superadmin now, and was user. Its password is as it was.\n`,
      err: '',
    })
    const rows = await app.sql`
      select actor_id, details from audit_logs where action = 'account.change_role' and entity_id = ${person.id}`
    expect(rows).toEqual([{ actorId: null, details: { from: 'user', to: 'superadmin', by: 'command-line' } }] as never)
    expect((await logIn(app, { email: person.email, password: goodPassword })).user.role).toBe('superadmin')
    expect(await promote()).toMatchObject({
      code: 0,
      out: `${person.email} is superadmin already. Nothing was changed.\n`,
    })
    expect(
      await app.sql`select 1 from audit_logs where action = 'account.change_role' and entity_id = ${person.id}`,
    ).toHaveLength(1)
  })

  test('--promote says that a locked account stays locked, and makes nobody new', async () => {
    const person = await registered(app)
    await app.sql`update user_accounts set status = 'locked' where id = ${person.id}`
    const promoted = await run(['create-admin', '--email', person.email, '--promote'])
    expect(promoted).toMatchObject({ code: 0, out: expect.stringContaining('is locked, and stays so') })
    const nobody = newEmail()
    const missing = await run(['create-admin', '--email', nobody, '--promote'])
    expect(missing).toMatchObject({ code: 1, out: expect.stringContaining(`${nobody} has no account.`) })
    expect(await app.sql`select 1 from user_accounts where email = ${nobody}`).toHaveLength(0)
    expect(await run(['create-admin', '--email', person.email, '--promote', '--password-stdin'])).toMatchObject({
      code: 64,
    })
  })

  test.each([[[]], [['--email', 'nobody']]])('wants an address: %p', async (args) => {
    expect(await run(['create-admin', ...args])).toMatchObject({ code: 64, out: expect.stringContaining('--email') })
  })
})
