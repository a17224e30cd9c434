import { describe, expect, test } from 'bun:test'
import { promote } from '../../src/admin/users/promotion.ts'
import { goodPassword, logIn, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp, type SessionJson } from '../support/app.ts'
import { makeKnown } from '../support/guarded.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { mailsTo, templatesTo } from '../support/mails.ts'
import { givenTeam, join } from '../support/teams.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const { failTimes } = lockoutSteps(app)
const admin = await signedIn(app, { role: 'superadmin' })
const newPassword = 'umbrella ceramic walnut drizzle'

type Person = { id: string; email: string; accessToken: string; refreshToken: string; deviceToken: string }
const asAdmin = (method: string, path: string, json?: object) => request(path, { method, bearer: admin.bearer, json })
type Event = {
  happens: (person: Person) => Promise<unknown>
  says: Record<string, unknown>
  /** The row of the trail that is written with it. */
  action: string
}
const ip = '127.0.0.1'

const events: Record<string, Event> = {
  'new-device': {
    happens: (person) => logIn(app, { ...person, password: goodPassword }, { 'User-Agent': 'Curious/1' }),
    says: { userAgent: 'Curious/1', ip },
    action: 'session.create',
  },
  'password-changed': {
    happens: ({ accessToken }) =>
      request('/v1/auth/password/change', {
        bearer: accessToken,
        json: { currentPassword: goodPassword, newPassword },
      }),
    says: { ip },
    action: 'password.change',
  },
  lockout: { happens: ({ email }) => failTimes(5, email), says: { ip }, action: 'lockout.start' },
  'refresh-token-reused': { happens: reuse, says: { userAgent: null, ip }, action: 'session.reuse_detected' },
  'api-key-created': {
    async happens(person) {
      await sql`update user_subscriptions set plan = 'professional' where account_id = ${person.id}`
      await makeKnown(app, person.id)
      const json = { name: 'See https://evil.example', password: goodPassword }
      return request('/v1/api-keys', { bearer: person.accessToken, json })
    },
    says: { prefix: expect.stringMatching(/^mk_.{8}$/), ip },
    action: 'api_key.create',
  },
  'role-raised': {
    happens: ({ id }) => asAdmin('PUT', `/v1/admin/users/${id}/role`, { role: 'admin' }),
    says: { role: 'admin' },
    action: 'account.change_role',
  },
  'subscription-changed': {
    happens: ({ accessToken }) =>
      request('/v1/subscription', { bearer: accessToken, json: { plan: 'professional', interval: 'month' } }),
    says: { plan: 'Professional', change: 'trial-begun', until: expect.any(String) },
    action: 'subscription.start_trial',
  },
  'team-changed': {
    async happens({ id, accessToken }) {
      await join(app, (await givenTeam(app)).id, id)
      return request(`/v1/team/members/${id}`, { method: 'DELETE', bearer: accessToken })
    },
    says: { team: null, change: 'left' },
    action: 'team.leave',
  },
}

async function reuse({ refreshToken, accessToken }: Person): Promise<void> {
  let token = refreshToken
  for (let i = 0; i < 2; i++) {
    const answer = await request('/v1/auth/refresh', { json: { refreshToken: token } })
    token = ((await answer.json()) as SessionJson).refreshToken
  }
  expect((await request('/v1/auth/refresh', { json: { refreshToken } })).status).toBe(401)
  expect((await request('/v1/me', { bearer: accessToken })).status).toBe(401)
}

const noticesTo = async (email: string, kind: string) =>
  (await mailsTo(app, email)).filter(({ template }) => template === kind)
const countOf = async (action: string) => (await sql`select 1 from audit_logs where action = ${action}`).length

describe('a notice', () => {
  test.each(Object.entries(events))('of %s goes to the address, and says what happened', async (kind, event) => {
    const person = await registered(app)
    expect(await noticesTo(person.email, kind)).toEqual([])
    await event.happens(person)
    const [notice, ...others] = await noticesTo(person.email, kind)
    const told = { at: expect.any(String), ...event.says }
    expect([notice?.link, notice?.contents.events, others]).toEqual([null, [told], []])
  })

  test.each(Object.entries(events))('of %s that cannot be written undoes the change', async (kind, event) => {
    const person = await registered(app)
    await sql.begin(async (tx) => {
      await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
      await tx.unsafe(
        `create trigger fail before insert on mail_outbox for each row when (new.template = '${kind}') execute function fail()`,
      )
    })
    const before = await countOf(event.action)
    await event.happens(person).catch(() => {})
    await sql`drop function fail() cascade`
    expect([await noticesTo(person.email, kind), await countOf(event.action)]).toEqual([[], before])
  })
})

describe('no notice is written', () => {
  test('of a log-in from the device that registered, nor of a lowered role', async () => {
    const person = await registered(app)
    await logIn(app, { ...person, password: goodPassword }, { 'X-Device-Token': person.deviceToken })
    await asAdmin('PUT', `/v1/admin/users/${person.id}/role`, { role: 'guest' })
    expect(await templatesTo(app, person.email)).toEqual(['verify-email'])
  })

  test('of failures below a lockout, nor of a lockout of an address that nobody has', async () => {
    const person = await registered(app)
    await failTimes(4, person.email)
    expect(await templatesTo(app, person.email)).toEqual(['verify-email'])
    await failTimes(5, `nobody.${person.email}`)
    expect(await templatesTo(app, `nobody.${person.email}`)).toEqual([])
  })
})

describe('a subscription', () => {
  test('that is cancelled, resumed, granted and ended is told of each time, in one mail', async () => {
    const person = await registered(app)
    const bearer = person.accessToken
    await request('/v1/subscription', { bearer, json: { plan: 'professional', interval: 'month' } })
    await request('/v1/subscription', { bearer, method: 'DELETE' })
    await request('/v1/subscription/resume', { bearer, method: 'POST' })
    for (const plan of ['enterprise', 'free'])
      await asAdmin('PUT', `/v1/admin/users/${person.id}/subscription`, { plan, reason: 'a gift' })
    const [notice, ...others] = await noticesTo(person.email, 'subscription-changed')
    expect(others).toEqual([])
    expect(notice?.contents.events?.map(({ plan, change }) => `${change} ${plan}`)).toEqual([
      'trial-begun Professional',
      'cancelled Professional',
      'resumed Professional',
      'granted Enterprise',
      'ended Enterprise',
    ])
  })
})

test('a promotion by the command line is told of, too', async () => {
  const { email } = await registered(app)
  await promote(deps, email)
  expect((await noticesTo(email, 'role-raised')).map(({ contents }) => contents.events)).toEqual([
    [{ at: expect.any(String), role: 'superadmin' }],
  ])
})

test('an erased account gets one last mail, in its language, which names no account', async () => {
  const ways = { person: eraseSelf, administrator: ({ id }: Person) => asAdmin('DELETE', `/v1/admin/users/${id}`) }
  for (const [by, erase] of Object.entries(ways)) {
    const person = await registered(app, { language: 'hi-IN' })
    expect((await erase(person)).status).toBe(204)
    const rows = await sql`
      select account_id, template, language, contents from mail_outbox where recipient = ${person.email}`
    expect(rows).toEqual<unknown>([
      { accountId: null, template: 'account-erased', language: 'hi-IN', contents: { at: expect.any(String), by } },
    ])
  }
})

function eraseSelf({ accessToken }: Person): Promise<Response> {
  return request('/v1/me', { method: 'DELETE', bearer: accessToken, json: { password: goodPassword } })
}
