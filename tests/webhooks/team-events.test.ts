import { describe, expect, test } from 'bun:test'
import { goodPassword } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { givenTeam, join, standing } from '../support/teams.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin', plan: 'enterprise' })
const events = ['team.member_added', 'team.member_removed']
const url = 'https://hooks.example.com/in'

type Told = { type: string; data: { accountId: string; version: number; teamId: string; ownerId: string | null } }

const add = async (path: string, bearer: string) =>
  (await bodyOf<{ id: string }>(await request(path, { bearer, json: { url, events } }))).id
const operators = await add('/v1/admin/webhooks', root.bearer)

/** What an endpoint was told of a team, oldest first: the event and the member. */
async function told(endpointId: string, teamId: string): Promise<[string, string][]> {
  const rows = await sql<{ body: string }[]>`
    select m.body from webhook_deliveries d join webhook_messages m on m.id = d.message_id
     where d.endpoint_id = ${endpointId} order by m.body::json ->> 'timestamp'`
  const all = rows.map(({ body }) => JSON.parse(body) as Told).filter(({ data }) => data.teamId === teamId)
  return all.map(({ type, data }) => [type, data.accountId])
}
const ownEndpoint = async (accountId: string): Promise<string> => {
  const [row] = await sql<{ id: string }[]>`
    insert into webhook_endpoints (id, account_id, created_by, url, events, secret)
    values (uuid_v7(), ${accountId}, ${accountId}, ${url}, ${events}, '\\x00') returning id`
  return row?.id ?? ''
}
const remove = (memberId: string, bearer: string) =>
  request(`/v1/team/members/${memberId}`, { method: 'DELETE', bearer })

describe('of who joins and leaves a team hear', () => {
  test('the operators, the owner and the person, and no other member', async () => {
    const team = await givenTeam(app, { members: 1 })
    const [other] = team.members
    const person = await signedIn(app)
    const endpoints = [
      operators,
      await ownEndpoint(team.owner.id),
      await ownEndpoint(person.id),
      await ownEndpoint(other?.id ?? ''),
    ]
    await join(app, team.id, person.id)
    const { version } = await standing(app, person.id)
    const [row] = await sql<{ body: string }[]>`
      select m.body from webhook_deliveries d join webhook_messages m on m.id = d.message_id where d.endpoint_id = ${endpoints[2] ?? ''}`
    expect((JSON.parse(row?.body ?? '{}') as Told).data).toEqual({
      accountId: person.id,
      version,
      teamId: team.id,
      ownerId: team.owner.id,
    })
    expect((await remove(person.id, person.bearer)).status).toBe(204)
    const both = events.map((event) => [event, person.id] as [string, string])
    expect(await Promise.all(endpoints.map((endpoint) => told(endpoint, team.id)))).toEqual([
      [['team.member_added', team.owner.id], ['team.member_added', other?.id ?? ''], ...both],
      both,
      both,
      [],
    ])
  })

  test('the owner, also when a member’s account is erased', async () => {
    const team = await givenTeam(app)
    const person = await signedIn(app)
    const ofOwner = await ownEndpoint(team.owner.id)
    await join(app, team.id, person.id)
    const erased = await request('/v1/me', {
      method: 'DELETE',
      bearer: person.bearer,
      json: { password: goodPassword },
    })
    expect(erased.status).toBe(204)
    expect(await told(ofOwner, team.id)).toEqual(events.map((event) => [event, person.id]))
  })

  test('each member, when the team ends with its owner’s account', async () => {
    const team = await givenTeam(app, { members: 2 })
    const mine = await Promise.all(team.members.map(({ id }) => ownEndpoint(id)))
    const erased = await request(`/v1/admin/users/${team.owner.id}`, { method: 'DELETE', bearer: root.bearer })
    expect(erased.status).toBe(204)
    expect(await Promise.all(mine.map((endpoint) => told(endpoint, team.id)))).toEqual(
      team.members.map(({ id }) => [['team.member_removed', id]]),
    )
    const bodies = await sql<{ body: string }[]>`
      select m.body from webhook_messages m where m.type = 'team.member_removed' and m.body::json -> 'data' ->> 'teamId' = ${team.id}`
    expect(bodies.map(({ body }) => (JSON.parse(body) as Told).data.ownerId)).not.toContain(team.owner.id)
    // The operators hear of the owner, too.
    expect((await told(operators, team.id)).filter(([type]) => type === 'team.member_removed')).toHaveLength(3)
  })
})

test('nothing is written where no endpoint wants it', async () => {
  await request(`/v1/admin/webhooks/${operators}`, { method: 'PATCH', bearer: root.bearer, json: { enabled: false } })
  const team = await givenTeam(app, { members: 1 })
  const messages = await sql`select from webhook_messages where body::json -> 'data' ->> 'teamId' = ${team.id}`
  expect(messages).toHaveLength(0)
})
