import { describe, expect, test } from 'bun:test'
import type { TeamView } from '../../src/teams/queries.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { mailsTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { givenTeam, standing } from '../support/teams.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app

type Members = {
  items: { id: string; name: string | null; email: string | null; role: string }[]
  nextCursor: string | null
}

const read = (bearer: string) => request('/v1/team', { bearer })
const rename = (bearer: string, json: object) => request('/v1/team', { method: 'PATCH', bearer, json })
const remove = (bearer: string, id: string) => request(`/v1/team/members/${id}`, { method: 'DELETE', bearer })
const trailOf = (accountId: string) =>
  sql<{ action: string; actorId: string }[]>`
    select action, actor_id from audit_logs where action like 'team.%' and (entity_id = ${accountId} or actor_id = ${accountId}) order by id`

const noticesTo = async (email: string) =>
  (await mailsTo(app, email)).filter(({ template }) => template === 'team-changed')

/** A team with its owner and two members, all signed in. */
async function signedInTeam() {
  const team = await givenTeam(app, { members: 2 })
  const [one, other] = team.members
  if (!one || !other) throw new Error('two were asked for')
  const bearerOf = async (who: { email: string; password: string }) => (await logIn(app, who)).accessToken
  return {
    ...team,
    owner: { ...team.owner, bearer: await bearerOf(team.owner) },
    one: { ...one, bearer: await bearerOf(one) },
    other: { ...other, bearer: await bearerOf(other) },
  }
}

describe('a team', () => {
  test('is empty for who may have one, and is made by naming it', async () => {
    const { id, bearer } = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const nothingYet = { id: null, name: null, role: 'owner', ownerId: id, seats: { limit: 10, used: 1 } }
    expect(await bodyOf(await read(bearer))).toMatchObject(nothingYet)
    expect(await bodyOf(await rename(bearer, {}))).toMatchObject(nothingYet)
    const named = await bodyOf<TeamView>(await rename(bearer, { name: ' Practice ' }))
    expect(named).toMatchObject({ name: 'Practice', role: 'owner', seats: { limit: 10, used: 1 }, active: true })
    expect(await bodyOf(await rename(bearer, { name: 'Practice' }))).toEqual(named)
    expect((await bodyOf<TeamView>(await rename(bearer, { name: null }))).name).toBeNull()
    expect((await trailOf(id)).map(({ action }) => action)).toEqual(['team.create', 'team.update', 'team.update'])
    const members = await bodyOf<Members>(await request('/v1/team/members', { bearer }))
    expect(members.items).toMatchObject([{ id, role: 'owner' }])
  })

  test('is not for a plan without the feature, and stays readable while it sleeps', async () => {
    const { bearer } = await signedIn(app, { plan: 'starter' })
    for (const path of ['', '/members', '/invitations'])
      expect(await expectProblem(await request(`/v1/team${path}`, { bearer }), 'feature-not-in-plan')).toMatchObject({
        upgrade: { plan: 'professional' },
      })
    await expectProblem(await rename(bearer, { name: 'Practice' }), 'feature-not-in-plan')
    const { owner, one, other } = await signedInTeam()
    const admin = await signedIn(app, { role: 'admin' })
    const json = { plan: 'free', reason: 'test' }
    await request(`/v1/admin/users/${owner.id}/subscription`, { method: 'PUT', bearer: admin.bearer, json })
    const asleep = { active: false, seats: { limit: 1, used: 3 } }
    expect(await bodyOf(await read(owner.bearer))).toMatchObject(asleep)
    expect(await bodyOf(await read(one.bearer))).toMatchObject({ ...asleep, role: 'member' })
    await expectProblem(await rename(owner.bearer, { name: 'Practice' }), 'feature-not-in-plan')
    expect((await remove(owner.bearer, other.id)).status).toBe(204)
    expect((await remove(one.bearer, one.id)).status).toBe(204)
  })

  test('shows addresses to its owner alone, page by page', async () => {
    const { owner, one, other } = await signedInTeam()
    await sql`update user_accounts set first_name = 'Asha', last_name = 'Rao' where id = ${one.id}`
    const page = async (bearer: string, more: string) =>
      bodyOf<Members>(await request(`/v1/team/members?limit=2${more}`, { bearer }))
    const first = await page(owner.bearer, '')
    const second = await page(owner.bearer, `&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map(({ id, email }) => [id, email])).toEqual(
      [owner, one, other].map(({ id, email }) => [id, email]),
    )
    expect(first.items[1]).toMatchObject({ name: 'Asha Rao', role: 'member' })
    expect(second.nextCursor).toBeNull()
    const seen = await page(other.bearer, '')
    expect(seen.items.map(({ id, email }) => [id, email])).toEqual([
      [owner.id, null],
      [one.id, null],
    ])
  })

  test('is its owner’s to name, and to invite to', async () => {
    const { one } = await signedInTeam()
    await expectProblem(await rename(one.bearer, { name: 'Mine' }), 'team-owner-only')
    await expectProblem(await rename(one.bearer, {}), 'team-owner-only')
    await expectProblem(await request('/v1/team/invitations', { bearer: one.bearer }), 'team-owner-only')
    const json = { email: one.email }
    await expectProblem(await request('/v1/team/invitations', { bearer: one.bearer, json }), 'team-owner-only')
  })
})

describe('administrators see', () => {
  test('the team of a person, and of whom the plan is', async () => {
    const admin = await signedIn(app, { role: 'admin' })
    const about = async (id: string, path: string) =>
      bodyOf<Record<string, unknown>>(await request(`/v1/admin/users/${id}${path}`, { bearer: admin.bearer }))
    const { id, owner, members } = await givenTeam(app, { members: 1 })
    const member = members[0]?.id ?? ''
    expect(await about(member, '/team')).toMatchObject({
      id,
      ownerId: owner.id,
      role: 'member',
      seats: { limit: 50, used: 2 },
    })
    const stranger = await givenAccount(app)
    expect(await about(stranger.id, '/team')).toMatchObject({ id: null, seats: { limit: 1, used: 1 } })
    const why = async () => about(member, '/explain?feature=premium_dashboard')
    expect(await why()).toMatchObject({
      granted: true,
      chain: [
        { kind: 'account' },
        { kind: 'team', name: owner.id },
        { kind: 'plan', name: 'business' },
        { kind: 'feature' },
      ],
    })
    const json = { plan: 'starter', reason: 'test' }
    await request(`/v1/admin/users/${owner.id}/subscription`, { method: 'PUT', bearer: admin.bearer, json })
    const asleep = { name: owner.id, detail: expect.stringContaining('sleeps') }
    expect(await why()).toMatchObject({
      granted: false,
      chain: [{ kind: 'account' }, asleep, { name: 'free' }, { kind: 'feature' }],
    })
  })
})

describe('a membership ends', () => {
  test('by leaving: the own plan counts from the next request on', async () => {
    const { id, one, other } = await signedInTeam()
    expect((await request('/v1/dashboard/insights', { bearer: one.bearer })).status).toBe(200)
    await expectProblem(await remove(one.bearer, other.id), 'team-owner-only')
    expect((await remove(one.bearer, one.id)).status).toBe(204)
    await expectProblem(await request('/v1/dashboard/insights', { bearer: one.bearer }), 'feature-not-in-plan')
    await expectProblem(await read(one.bearer), 'feature-not-in-plan')
    await expectProblem(await remove(one.bearer, one.id), 'not-found')
    expect(await standing(app, one.id)).toMatchObject({ plan: 'free', payerId: null })
    expect(await trailOf(one.id)).toMatchObject([{ action: 'team.leave', actorId: one.id }])
    const [notice] = await noticesTo(one.email)
    expect(notice).toMatchObject({ template: 'team-changed', contents: { events: [{ team: null, change: 'left' }] } })
    expect(await sql`select 1 from team_members where team_id = ${id}`).toHaveLength(2)
  })

  test('by the owner’s hand', async () => {
    const { owner, one } = await signedInTeam()
    expect((await remove(owner.bearer, one.id)).status).toBe(204)
    await expectProblem(await request('/v1/dashboard/insights', { bearer: one.bearer }), 'feature-not-in-plan')
    expect(await trailOf(one.id)).toMatchObject([{ action: 'team.remove_member', actorId: owner.id }])
    expect(await noticesTo(one.email)).toMatchObject([{ contents: { events: [{ change: 'removed' }] } }])
    const elsewhere = await givenTeam(app, { members: 1 })
    const stranger = elsewhere.members[0]?.id ?? ''
    await expectProblem(await remove(owner.bearer, stranger), 'not-found')
    expect(await standing(app, stranger)).toMatchObject({ payerId: elsewhere.owner.id })
  })

  test('for the owner last, and the team with it', async () => {
    const { id, owner, one, other } = await signedInTeam()
    await expectProblem(await remove(owner.bearer, owner.id), 'team-not-empty')
    for (const person of [one, other]) expect((await remove(owner.bearer, person.id)).status).toBe(204)
    expect((await remove(owner.bearer, owner.id)).status).toBe(204)
    expect(await sql`select 1 from teams where id = ${id}`).toHaveLength(0)
    expect(claimsOf((await logIn(app, owner)).accessToken)).toMatchObject({ plan: 'business' })
    expect(await bodyOf(await read(owner.bearer))).toMatchObject({ id: null })
  })

  test('with the account of the owner: every member is told', async () => {
    const { owner, one, other } = await signedInTeam()
    await rename(owner.bearer, { name: 'Practice' })
    const json = { password: owner.password }
    expect((await request('/v1/me', { method: 'DELETE', bearer: owner.bearer, json })).status).toBe(204)
    for (const person of [one, other]) {
      await expectProblem(await request('/v1/dashboard/insights', { bearer: person.bearer }), 'feature-not-in-plan')
      const ended = { team: 'Practice', change: 'ended', at: expect.any(String) }
      expect(await noticesTo(person.email)).toMatchObject([{ template: 'team-changed', contents: { events: [ended] } }])
    }
  })
})
