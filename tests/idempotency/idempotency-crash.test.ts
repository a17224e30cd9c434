import { expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { startServerProcess } from '../support/server-process.ts'

// The server that is killed and the one that gets the repeat share a database and their secrets.
const app = await openTestApp()
const { request, sql } = app
const { publicUrl } = app.config
const root = await signedIn(app, { role: 'superadmin' })

const asked = (name: string, key: string) => ({
  bearer: root.bearer,
  json: { name, description: 'Made here', privilegeLevel: 20, permissions: ['profile.read'] },
  headers: { 'Idempotency-Key': key },
})

/** Sends it to a server that will not live to answer. */
function send(url: string, { bearer, json, headers }: ReturnType<typeof asked>): Promise<number | null> {
  return fetch(`${url}/v1/admin/roles`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(json),
  }).then(
    ({ status }) => status,
    () => null,
  )
}

/** Other connections to this database of which that holds; asked outside of any transaction, which would see one moment only. */
async function backends(condition: ReturnType<typeof sql>): Promise<number> {
  return (
    await sql`select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${condition}`
  ).length
}

const rolesOf = (name: string) => sql`select 1 from roles where name = ${name}`
const linesOf = (name: string) => sql`select 1 from audit_logs where entity_id = ${name}`

test('a server killed after it wrote and before it could commit has done nothing: the repeat does it, once', async () => {
  const server = await startServerProcess(app.databaseUrl, { PUBLIC_URL: publicUrl })
  const request1 = asked('uncommitted', 'first')
  // The last write of the transaction stands still until this lock is let go.
  await sql`create function stand_still() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(77); return new; end $$`
  await sql`create trigger stand_still before update on idempotency_keys for each row execute function stand_still()`
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(77)`
    const answer = send(server.url, request1)
    while ((await backends(sql`wait_event = 'advisory'`)) === 0) await Bun.sleep(5)
    await server.kill()
    expect(await answer).toBeNull()
  })
  // The backend of the dead server goes on to its end, and finds nobody to commit for.
  while ((await backends(sql`state <> 'idle' and wait_event is distinct from 'ClientRead'`)) > 0) await Bun.sleep(5)
  expect(await rolesOf('uncommitted')).toHaveLength(0)
  expect(await linesOf('uncommitted')).toHaveLength(0)
  await sql`drop trigger stand_still on idempotency_keys`
  const again = await request('/v1/admin/roles', request1)
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null])
  expect(await linesOf('uncommitted')).toHaveLength(1)
})

test('a server killed at any moment of twelve requests: each repeat finds nothing done, or the stored answer', async () => {
  const outcomes: string[] = []
  for (let round = 0; round < 3; round++) {
    const server = await startServerProcess(app.databaseUrl, { PUBLIC_URL: publicUrl })
    const requests = Array.from({ length: 4 }, (_, i) => asked(`killed_${round}_${i}`, `key ${round} ${i}`))
    await send(server.url, asked(`warm_${round}`, `warm ${round}`))
    const answers = requests.map((one) => send(server.url, one))
    // One more role is written with each round, so each dies a little later.
    while ((await sql`select 1 from roles where name like ${`killed_${round}_%`}`).length < round + 1)
      await Bun.sleep(0)
    await server.kill()
    await Promise.all(answers)
    for (const { json, ...one } of requests) {
      const again = await request('/v1/admin/roles', { json, ...one })
      expect(again.status).toBe(201)
      expect(again.headers.get('location')).toBe(`/v1/admin/roles/${json.name}`)
      expect(await rolesOf(json.name)).toHaveLength(1)
      expect(await linesOf(json.name)).toHaveLength(1)
      outcomes.push(again.headers.get('idempotency-replayed') ?? 'done now')
    }
  }
  expect(outcomes).toContain('true')
})
