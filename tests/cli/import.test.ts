import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bcrypt } from '../import/imports.ts'
import { goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { openTestApp, patience, testSecrets } from '../support/app.ts'
import { compiledProgram } from '../support/compiled.ts'
import { runProgram } from '../support/program.ts'

const app = await openTestApp()
const { sql } = app
const directory = mkdtempSync(join(tmpdir(), 'manas360-import-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const environment = { ...testSecrets, ...patience, DATABASE_URL: app.databaseUrl }
const run = (args: string[], input = '') => runProgram(['import', ...args], environment, input)
const hash = await bcrypt(goodPassword)

async function write(name: string, lines: unknown[]): Promise<string> {
  const file = join(directory, name)
  await Bun.write(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  return file
}

describe('import', () => {
  test('explains itself without a database', async () => {
    const { code, out, err } = await runProgram(['import', '--help'], {})
    expect([code, err]).toEqual([0, ''])
    for (const word of ['--dry-run', '--on-conflict', '--allow-roles', '--refused', 'passwordHash', 'planEndsAt'])
      expect(out).toContain(word)
  })

  test.each([[[]], [['a', 'b']], [['a', '--on-conflict', 'replace']], [['a', '--email', 'b@c.test']]])(
    'answers 64 to %p',
    async (args) => {
      expect(await run(args)).toMatchObject({ code: 64, out: '', err: expect.stringContaining('import FILE') })
    },
  )

  test('takes a file, leaves what it refused beside it for its owner alone, and exits 3; mended, 0 and no such file', async () => {
    const email = newEmail()
    const wrong = { email: newEmail(), passwordHash: 'hunter2', role: 'admin' }
    const file = await write('people.ndjson', [{ email, passwordHash: hash, plan: 'starter' }, wrong])
    // Of an earlier run, or of somebody's making: for everybody to read.
    writeFileSync(`${file}.refused.ndjson`, 'old\n', { mode: 0o644 })
    const first = await run([file])
    expect([first.code, first.err]).toEqual([3, ''])
    expect(first.out).toContain('2 lines: 1 accounts imported, 0 here already, 1 refused.')
    expect(first.out).toContain('Plans granted without an end: 1 × starter.')
    const refusedFile = `${file}.refused.ndjson`
    expect(first.out).toContain(refusedFile)
    expect(statSync(refusedFile).mode & 0o777).toBe(0o600)
    expect(await Bun.file(refusedFile).json()).toEqual({
      line: 2,
      reason: expect.stringMatching(/^passwordHash: This is no hash/),
      errors: [{ path: 'passwordHash', message: expect.any(String), code: 'custom' }],
      account: wrong,
    })
    await logIn(app, { email, password: goodPassword })
    const mended = { ...wrong, passwordHash: hash }
    await write('people.ndjson', [{ email, passwordHash: hash, plan: 'starter' }, mended])
    const second = await run([file, '--allow-roles'])
    expect([second.code, second.err]).toEqual([0, ''])
    expect(second.out).toContain('1 accounts imported, 1 here already, 0 refused.')
    expect(second.out).toContain('Roles given: 1 × admin.')
    expect(readdirSync(directory)).toEqual(['people.ndjson'])
  })

  test('takes standard input, and tells standard error what it refused, no hash with it', async () => {
    const lines = [
      { email: newEmail(), passwordHash: hash },
      { email: newEmail(), passwordHash: hash, plan: 'gold' },
    ]
    const { code, out, err } = await run(['-', '--dry-run'], lines.map((line) => JSON.stringify(line)).join('\n'))
    expect([code, out]).toEqual([3, expect.stringContaining('1 accounts would be imported')])
    expect(JSON.parse(err)).toMatchObject({ line: 2, reason: 'plan: There is no plan "gold".', email: lines[1]?.email })
    expect(err).not.toContain(hash)
    expect(await sql`select 1 from user_accounts where email = ${lines[0]?.email ?? ''}`).toHaveLength(0)
  })

  test('tells standard error of any line: with an address of whatever type, and nothing that commands a terminal', async () => {
    const addresses = [{ toString: 1, valueOf: 1 }, [[['a@b.test']]], 1e3, true, '\u009b31m\u202e@b.test', null]
    const lines = addresses.map((email) => JSON.stringify({ email }))
    const { code, err } = await run(['-', '--dry-run'], [...lines, '{"\u009b31m":1}'].join('\n'))
    const told = err.trim().split('\n')
    expect([code, told.length]).toEqual([3, lines.length + 1])
    expect(told.map((line) => JSON.parse(line).email)).toEqual([
      ...[undefined, undefined, undefined, undefined],
      addresses[4],
      ...[undefined, undefined],
    ])
    expect(err).not.toMatch(/[\u009b\u202e]/)
  })

  test('never writes refused lines over the file that it reads, and names a file that is not there', async () => {
    const file = await write('precious.ndjson', [{ email: 'none' }])
    expect(
      await run([file, '--refused', `${directory}/../${directory.split('/').at(-1)}/precious.ndjson`]),
    ).toMatchObject({
      code: 64,
    })
    expect(await Bun.file(file).json()).toEqual({ email: 'none' })
    expect(await run([join(directory, 'nowhere.ndjson')])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nowhere\.ndjson: there is no such file\n$/),
    })
    rmSync(file)
  })

  test('killed in the middle leaves whole accounts, and a second run brings the rest', async () => {
    const word = Bun.randomUUIDv7().slice(-12)
    const lines = Array.from({ length: 4_000 }, (_, i) => ({ email: `p${i}.${word}@people.test`, plan: 'starter' }))
    const file = await write('many.ndjson', lines)
    const count = async () =>
      (
        await sql<
          { n: number }[]
        >`select count(*)::int as n from user_accounts where email like ${`%.${word}@people.test`}`
      )[0]?.n ?? 0
    const child = Bun.spawn([await compiledProgram(), 'import', file], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdout: 'ignore',
      stderr: 'ignore',
    })
    while (child.exitCode === null && (await count()) === 0) await Bun.sleep(1)
    child.kill('SIGKILL')
    await child.exited
    // What it had sent is undone by the server before anything else is asked of these rows.
    const { code, out } = await run([file])
    expect([code, out]).toEqual([0, expect.stringContaining('4,000 lines: ')])
    const [whole] = await sql`
      select count(distinct a.id)::int as accounts, count(distinct s.id)::int as subscriptions, count(distinct l.id)::int as audit
        from user_accounts a left join user_subscriptions s on s.account_id = a.id and s.plan = 'starter'
        left join audit_logs l on l.entity_type = 'account' and l.entity_id = a.id::text and l.action = 'account.import'
       where a.email like ${`%.${word}@people.test`}`
    expect(whole).toEqual<unknown>({ accounts: 4_000, subscriptions: 4_000, audit: 4_000 })
  })
})
