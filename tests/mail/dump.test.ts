import { expect, test } from 'bun:test'
import { invitationSteps } from '../admin/invitations/invited.ts'
import { goodPassword, newEmail, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, databaseUrl } = app
const post = (path: string, json: unknown, bearer?: string) => request(path, { json, ...(bearer && { bearer }) })

/** What pg_dump writes, where one is installed that can read this server; else every row of every table as text. */
async function dump(): Promise<string> {
  const [server] = await sql<{ major: number }[]>`select current_setting('server_version_num')::int / 10000 as major`
  const said = Bun.which('pg_dump') ? await Bun.$`pg_dump --version`.text() : ''
  const major = Number(/\) (\d+)/.exec(said)?.[1] ?? 0)
  if (major >= (server?.major ?? 0)) return Bun.$`pg_dump ${databaseUrl}`.text()
  const tables = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p', 'm')`
  const rows = await Promise.all(
    tables.map(({ name }) => sql<{ row: string }[]>`select t::text as row from ${sql(name)} t`),
  )
  return rows.flat().map(({ row }) => row).join('\n') // biome-ignore format: one line
}

/** Texts of a dump that have the shape of a token, and bytes of it as tokens are written. */
function tokensIn(text: string): string[] {
  const texts = text.match(/(?<![\w-])[\w-]{43}(?![\w-])/g) ?? []
  const bytes = (text.match(/(?<=\\x)[0-9a-f]{2,}/g) ?? []).map((hex) => Buffer.from(hex, 'hex'))
  const hashes = bytes.filter(({ length }) => length === 32)
  return [...texts, ...hashes.flatMap((hash) => [hash.toString('base64url'), hash.toString('hex')])]
}

test('a dump of the database while mails of every kind are queued holds no link that works, and nothing to make one of', async () => {
  const [person, admin] = [await registered(app), await signedIn(app, { role: 'superadmin' })]
  await post('/v1/auth/password/forgot', { email: person.email })
  const moved = newEmail()
  await post('/v1/me/email', { newEmail: moved, password: goodPassword }, person.accessToken)
  const other = await registered(app)
  const otherMoved = newEmail()
  await post('/v1/me/email', { newEmail: otherMoved, password: goodPassword }, other.accessToken)
  await post('/v1/auth/email/confirm-change', { token: await tokenTo(app, otherMoved, 'confirm-email') })
  const colleague = await invitationSteps(app).invited(admin.bearer)

  const routes: [route: string, token: string, json: (token: string) => object][] = [
    ['/v1/auth/email/verify', await tokenTo(app, person.email, 'verify-email'), (token) => ({ token })],
    [
      '/v1/auth/password/reset',
      await tokenTo(app, person.email, 'reset-password'),
      (token) => ({ token, newPassword: 'umbrella ceramic walnut drizzle' }),
    ],
    ['/v1/auth/email/confirm-change', await tokenTo(app, moved, 'confirm-email'), (token) => ({ token })],
    ['/v1/auth/email/undo-change', await tokenTo(app, other.email, 'undo-email'), (token) => ({ token })],
    [
      '/v1/auth/invitation/accept',
      colleague.token,
      (token) => ({ token, password: 'umbrella ceramic walnut drizzle' }),
    ],
  ]
  const text = await dump()
  expect(text).toContain(person.email)
  const candidates = tokensIn(text)
  // The hashes of the five links at least.
  expect(candidates.length).toBeGreaterThan(10)
  for (const [route, token, json] of routes) {
    const bytes = Buffer.from(token, 'base64url')
    const spellings = [token, bytes.toString('hex'), bytes.toString('base64'), Buffer.from(token).toString('hex')]
    expect([route, spellings.filter((spelling) => text.includes(spelling))]).toEqual([route, []])
    for (const candidate of candidates.slice(0, 12))
      await expectProblem(await post(route, json(candidate)), 'invalid-link')
  }
  // Each works for whoever reads the mailbox.
  for (const [route, token, json] of routes)
    expect([route, (await post(route, json(token))).status < 300]).toEqual([route, true])
})
