import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn, newEmail } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { mailsTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { givenTeam, standing } from '../support/teams.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp({ RATE_LIMIT_MAIL: 'off' })
const { request, sql } = app

type Invitations = { items: { id: string; email: string }[] }

const invite = (bearer: string, email: string) => request('/v1/team/invitations', { bearer, json: { email } })
const accept = (bearer: string, token: string) => request('/v1/team/accept', { bearer, json: { token } })
const revoke = (bearer: string, id: string) => request(`/v1/team/invitations/${id}`, { method: 'DELETE', bearer })
const tokenOf = (email: string) => tokenTo(app, email, 'team-invitation')
const open = async (bearer: string) =>
  (await bodyOf<Invitations>(await request('/v1/team/invitations', { bearer }))).items

/** Mails about teams: those of signing in are left out. */
const teamMailsTo = async (email: string) =>
  (await mailsTo(app, email)).filter(({ template }) => template.startsWith('team-'))

/** Somebody who is signed in and has proved the address. */
async function verified(options: Parameters<typeof givenAccount>[1] = {}) {
  const person = await signedIn(app, options)
  await sql`update user_accounts set email_verified_at = now() where id = ${person.id}`
  return person
}

const newOwner = (plan = 'business') => signedIn(app, { plan, role: 'subscriber' })

describe('an invitation', () => {
  test('is accepted by the account of its address: the plan counts from the next request on', async () => {
    const owner = await newOwner()
    await sql`update user_accounts set first_name = 'Asha', last_name = 'Rao' where id = ${owner.id}`
    const person = await verified()
    await sql`update user_accounts set language = 'hi' where id = ${person.id}`
    await expectProblem(await request('/v1/dashboard/insights', { bearer: person.bearer }), 'feature-not-in-plan')
    expect((await invite(owner.bearer, person.email)).status).toBe(202)
    const [mail] = await teamMailsTo(person.email)
    expect(mail).toMatchObject({ contents: { inviter: 'Asha Rao', team: null, validHours: 168 } })
    expect(mail?.link).toStartWith('http://localhost:3000/account/accept-team#token=')
    const token = await tokenOf(person.email)
    expect((await accept(person.bearer, token)).status).toBe(204)
    expect((await request('/v1/dashboard/insights', { bearer: person.bearer })).status).toBe(200)
    expect(claimsOf((await logIn(app, person)).accessToken)).toMatchObject({ plan: 'business', payer: owner.id })
    expect(await open(owner.bearer)).toEqual([])
    await expectProblem(await accept(person.bearer, token), 'invalid-link')
    const trail =
      await sql`select action, actor_id from audit_logs where entity_id = ${person.id} and action like 'team.%'`
    expect<object[]>(trail).toEqual([{ action: 'team.join', actorId: person.id }])
    expect((await teamMailsTo(person.email)).at(-1)).toMatchObject({ contents: { events: [{ change: 'joined' }] } })
  })

  test('opens to nobody else, and to no address that is not proved', async () => {
    const owner = await newOwner()
    const person = await signedIn(app)
    await invite(owner.bearer, person.email)
    const token = await tokenOf(person.email)
    await expectProblem(await accept((await verified()).bearer, token), 'invalid-link')
    await expectProblem(await accept(person.bearer, token), 'invalid-link')
    await sql`update user_accounts set email_verified_at = now() where id = ${person.id}`
    await sql`update user_accounts set status = 'locked' where id = ${owner.id}`
    await expectProblem(await accept(person.bearer, token), 'invalid-link')
    await sql`update user_accounts set status = 'active' where id = ${owner.id}`
    await sql`update team_invitations set expires_at = clock_timestamp() where email = ${person.email}`
    await expectProblem(await accept(person.bearer, token), 'invalid-link')
    await sql`update team_invitations set expires_at = clock_timestamp() + interval '1 hour' where email = ${person.email}`
    expect((await accept(person.bearer, token)).status).toBe(204)
  })

  test('is answered alike, whoever the address is, and writes nothing to a member', async () => {
    const owner = await newOwner()
    const { members } = await givenTeam(app, { members: 1 })
    const strangersMember = members[0]?.email ?? ''
    const someone = await givenAccount(app)
    const answers = []
    for (const email of [newEmail(), someone.email, owner.email, strangersMember])
      answers.push(await invite(owner.bearer, email))
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(Array(4).fill({ status: 'accepted' }))
    expect((await teamMailsTo(owner.email)).map(({ template }) => template)).toEqual([])
    expect(await open(owner.bearer)).toHaveLength(3)
  })

  test('is mailed three times at most, and the newest link works', async () => {
    const owner = await newOwner()
    const person = await verified()
    await invite(owner.bearer, person.email)
    const first = await tokenOf(person.email)
    for (let i = 0; i < 4; i++) expect((await invite(owner.bearer, person.email)).status).toBe(202)
    expect(await teamMailsTo(person.email)).toHaveLength(3)
    expect(await open(owner.bearer)).toHaveLength(1)
    await expectProblem(await accept(person.bearer, first), 'invalid-link')
    expect((await accept(person.bearer, await tokenOf(person.email))).status).toBe(204)
  })

  test('that is taken back works no more, and nobody else takes it back', async () => {
    const owner = await newOwner()
    const person = await verified()
    await invite(owner.bearer, person.email)
    const [invitation] = await open(owner.bearer)
    const id = invitation?.id ?? ''
    const stranger = await newOwner()
    await invite(stranger.bearer, newEmail())
    await expectProblem(await revoke(stranger.bearer, id), 'not-found')
    await expectProblem(await revoke(person.bearer, id), 'not-found')
    expect((await revoke(owner.bearer, id)).status).toBe(204)
    await expectProblem(await revoke(owner.bearer, id), 'not-found')
    await expectProblem(await accept(person.bearer, await tokenOf(person.email)), 'invalid-link')
    expect(await open(owner.bearer)).toEqual([])
    await invite(owner.bearer, person.email)
    expect((await accept(person.bearer, await tokenOf(person.email))).status).toBe(204)
  })

  test('is not made beside a full team, nor beyond three a seat', async () => {
    const full = await givenTeam(app, { plan: 'professional', members: 9 })
    const { accessToken } = await logIn(app, full.owner)
    expect(await expectProblem(await invite(accessToken, newEmail()), 'seats-exhausted')).toMatchObject({
      limit: 10,
      used: 10,
      upgrade: { plan: 'business' },
    })
    const owner = await newOwner('professional')
    await invite(owner.bearer, newEmail())
    await sql`
      insert into team_invitations (id, team_id, email, token_hash, expires_at)
      select uuid_v7(), t.id, n || ${newEmail()}, sha256(convert_to(t.id::text || n, 'UTF8')), clock_timestamp() + interval '1 day'
        from teams t, generate_series(1, 29) n where t.owner_id = ${owner.id}`
    const [waiting] = await open(owner.bearer)
    expect((await invite(owner.bearer, waiting?.email ?? '')).status).toBe(202)
    await expectProblem(await invite(owner.bearer, newEmail()), 'too-many-invitations')
    await revoke(owner.bearer, waiting?.id ?? '')
    expect((await invite(owner.bearer, newEmail())).status).toBe(202)
    // Those that were taken back count too, until they would have ended: a team mails so many people in that time.
    await sql`
      insert into team_invitations (id, team_id, email, token_hash, expires_at, revoked_at)
      select uuid_v7(), t.id, 'r' || n || ${newEmail()}, sha256(convert_to(t.id::text || 'r' || n, 'UTF8')), clock_timestamp() + interval '1 day', now()
        from teams t, generate_series(1, 30) n where t.owner_id = ${owner.id}`
    const [next] = await open(owner.bearer)
    await revoke(owner.bearer, next?.id ?? '')
    await expectProblem(await invite(owner.bearer, newEmail()), 'too-many-invitations')
  })

  test('is refused with the reason to who may not join, and stays', async () => {
    const owner = await newOwner('professional')
    const payer = await verified({ plan: 'starter' })
    const member = await verified()
    const late = await verified()
    for (const { email } of [payer, member, late]) await invite(owner.bearer, email)
    const [token, other, last] = await Promise.all([payer, member, late].map(({ email }) => tokenOf(email)))
    await expectProblem(await accept(payer.bearer, token ?? ''), 'already-subscribed')
    const elsewhere = await newOwner()
    await invite(elsewhere.bearer, member.email)
    expect((await accept(member.bearer, await tokenOf(member.email))).status).toBe(204)
    await expectProblem(await accept(member.bearer, other ?? ''), 'already-in-team')
    await sql`update subscription_plans set max_users = 1 where name = 'professional'`
    const problem = await expectProblem(await accept(late.bearer, last ?? ''), 'seats-exhausted')
    await sql`update subscription_plans set max_users = 10 where name = 'professional'`
    expect(problem).toMatchObject({ limit: 1, used: 1, upgrade: { plan: 'professional' } })
    expect((await accept(late.bearer, last ?? '')).status).toBe(204)
    expect(await open(owner.bearer)).toHaveLength(2)
    expect(await standing(app, payer.id)).toMatchObject({ plan: 'starter', payerId: null })
  })

  test('under one Idempotency-Key is mailed once, and accepted once', async () => {
    const owner = await newOwner()
    const person = await verified()
    const headers = { 'Idempotency-Key': 'once' }
    for (let i = 0; i < 2; i++) {
      const json = { email: person.email }
      expect((await request('/v1/team/invitations', { bearer: owner.bearer, json, headers })).status).toBe(202)
    }
    expect(await teamMailsTo(person.email)).toHaveLength(1)
    const json = { token: await tokenOf(person.email) }
    for (let i = 0; i < 2; i++)
      expect((await request('/v1/team/accept', { bearer: person.bearer, json, headers })).status).toBe(204)
  })
})

test('without mail nobody is invited, before anything is looked up', async () => {
  const quiet = await openTestApp({ MAIL: 'off', DATABASE_URL: app.databaseUrl })
  const owner = await newOwner()
  const answer = await quiet.request('/v1/team/invitations', { bearer: owner.bearer, json: { email: newEmail() } })
  await expectProblem(answer, 'mail-unavailable')
})
