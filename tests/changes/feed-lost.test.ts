import { expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn } from '../support/accounts.ts'
import { isLetIn, openCutFeed } from '../support/cut-feed.ts'
import { until } from '../support/server-process.ts'

/** A fail-over may lose the last commits: here they are taken back by hand, and another server goes on. */
const { writer, listening, polling, newPerson, logOut, restartPostgres, refusedAfter } = await openCutFeed()
const { sql } = writer

test('after a restart the database is believed, not what was known of it: rights that it lost are lost, and new ones obeyed', async () => {
  const person = await newPerson()
  await sql`select 1 from record_authz_change(${person.id}, 'sessions-ended')`
  for (const victim of [listening, polling]) await refusedAfter(victim, person, 0)
  await sql`delete from authz_changes where account_id = ${person.id}`
  await sql`update user_accounts set authz_version = authz_version - 1 where id = ${person.id}`
  await sql`update sessions set ended_at = null, end_reason = null where account_id = ${person.id}`
  await restartPostgres()
  for (const victim of [listening, polling, writerAsVictim()])
    await until(() => isLetIn(victim, person), 5, 'what the database says')
  await logOut(person)
  for (const victim of [listening, polling]) await refusedAfter(victim, person, 0)
})

test("a lost API key is nobody's again, however lately it was verified", async () => {
  const person = await newPerson()
  const json = { name: 'Mine', password: goodPassword }
  const made = await writer.request('/v1/api-keys', { bearer: person.bearer, json })
  const { key: bearer } = (await made.json()) as { key: string }
  for (const victim of [listening, polling]) expect(await isLetIn(victim, { id: '', bearer })).toBe(true)
  await sql`delete from api_keys where account_id = ${person.id}`
  await restartPostgres()
  for (const victim of [listening, polling]) await refusedAfter(victim, { id: '', bearer }, 0)
})

test('a lost edit of the catalogue is gone, and its version may be given out again', async () => {
  const root = await logIn(writer, await givenAccount(writer, { role: 'superadmin' }))
  const edit = (permissions: string[]) =>
    writer.request('/v1/admin/roles/guest/permissions', {
      method: 'PUT',
      bearer: root.accessToken,
      json: { permissions },
    })
  const held = ({ deps }: { deps: typeof writer.deps }) => deps.catalogue.current.roles.get('guest')?.permissions.join()
  expect((await edit(['profile.read', 'dashboard.read'])).status).toBe(200)
  for (const victim of [listening, polling])
    await until(() => held(victim)?.includes('dashboard') ?? false, 5, 'the edit')
  await sql`delete from authz_changes where kind = 'catalogue'`
  await sql`update catalogue_version set version = version - 1`
  await sql`delete from role_permissions where role = 'guest' and permission = 'dashboard.read'`
  await restartPostgres()
  for (const victim of [listening, polling, writer])
    await until(() => held(victim) === 'profile.read', 5, 'what the database says')
  expect((await edit(['profile.read', 'payments.read'])).status).toBe(200)
  for (const victim of [listening, polling])
    await until(() => held(victim)?.includes('payments') ?? false, 5, 'the edit')
})

test('an older schema is told by /ready, until it is migrated', async () => {
  const lost =
    await sql`delete from schema_migrations where version = (select max(version) from schema_migrations) returning *`
  await restartPostgres()
  const ready = async () => (await writer.request('/ready')).text()
  await until(async () => (await ready()).includes('the schema is at version'), 5, 'that the schema is older')
  await sql`insert into schema_migrations ${sql(lost)}`
  await until(async () => (await ready()).includes('"ok"'), 5, 'that it is migrated')
})

function writerAsVictim() {
  return { ...listening, deps: writer.deps, ask: async (path: string, bearer = '') => writer.request(path, { bearer }) }
}
