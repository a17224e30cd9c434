import { describe, expect, test } from 'bun:test'
import { auditCtes } from '../../src/audit/record.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { runJobNow } from '../../src/ops/jobs.ts'
import { goodPassword } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { findEverywhere, givenWholeLife } from '../support/whole-life.ts'

const app = await openTestApp()
const { request, sql, deps } = app

await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })

type Person = Awaited<ReturnType<typeof givenWholeLife>>

const ways: Record<string, (person: Person) => Promise<Response>> = {
  'by the person': ({ bearer, from }) =>
    request('/v1/me', { method: 'DELETE', bearer, json: { password: goodPassword }, ...from }),
  'by an administrator': ({ id }) => request(`/v1/admin/users/${id}`, { method: 'DELETE', bearer: admin.bearer }),
}

for (const [way, erase] of Object.entries(ways))
  describe(`an account erased ${way}`, () => {
    test('leaves nothing of the person in the whole database, and the trail still verifies', async () => {
      const person = await givenWholeLife(app, admin)
      await runJobNow(deps, 'seal-audit')
      // The measure measures: each of these stands somewhere before.
      for (const [trace, text] of Object.entries(person.traces))
        expect([trace, (await findEverywhere(app, text)).length > 0]).toEqual([trace, true])
      expect((await erase(person)).status).toBe(204)
      await deps.usage.settle()
      await sql`select refresh_views()`
      for (const [trace, text] of Object.entries(person.traces))
        expect([trace, await findEverywhere(app, text)]).toEqual([trace, []])
      await runJobNow(deps, 'seal-audit')
      expect(await verifyAudit(deps, null)).toMatchObject({ ok: true, unsealed: 0 })
      const [line] =
        await sql`select action, actor_id, entity_id from audit_logs where action = 'account.erase' and entity_id = ${person.id}`
      expect(line).toEqual({
        action: 'account.erase',
        actorId: way === 'by the person' ? person.id : admin.id,
        entityId: person.id,
      } as never)
    })

    test('is out at once: no token of it is good for anything, and nobody finds it', async () => {
      const person = await givenWholeLife(app, admin)
      await erase(person)
      await expectProblem(await request('/v1/me', { bearer: person.bearer }), 'account-disabled')
      await expectProblem(await request('/v1/entitlements/api_access', { bearer: person.bearer }), 'account-disabled')
      for (const refreshToken of [person.refreshToken, person.olderRefreshToken])
        await expectProblem(await request('/v1/auth/refresh', { json: { refreshToken } }), 'invalid-refresh-token')
      await expectProblem(
        await request('/v1/auth/login', { json: { email: person.email, password: goodPassword } }),
        'invalid-credentials',
      )
      await expectProblem(await request(`/v1/admin/users/${person.id}`, { bearer: admin.bearer }), 'not-found')
      const found = await bodyOf<{ items: unknown[] }>(
        await request(`/v1/admin/users?q=${person.email}`, { bearer: admin.bearer }),
      )
      expect(found.items).toEqual([])
      await expectProblem(await erase(person), way === 'by the person' ? 'account-disabled' : 'not-found')
    })

    test('frees the e-mail address: whoever registers with it is somebody new', async () => {
      const person = await givenWholeLife(app, admin)
      await erase(person)
      const answer = await request('/v1/auth/register', { json: { email: person.email, password: goodPassword } })
      expect(answer.status).toBe(201)
      const fresh = await bodyOf<SessionJson>(answer)
      expect(fresh.user.id).not.toBe(person.id)
      expect(fresh.user).toMatchObject({ firstName: null, phoneNumber: null, role: 'user', plan: { name: 'free' } })
      await expectProblem(await request('/v1/me', { bearer: person.bearer }), 'account-disabled')
      // But for the trial that was had, of which a keyed hash of the address is left.
      const tryOut = (plan: string) =>
        request('/v1/subscription', { bearer: fresh.accessToken, json: { plan, interval: 'month' } })
      await expectProblem(await tryOut('business'), 'checkout-unavailable')
      expect((await tryOut('professional')).status).toBe(200)
      expect(await bodyOf(await request('/v1/me/export', { bearer: fresh.accessToken }))).toMatchObject({
        loginAttempts: [],
        featureOverrides: [],
      })
    })
  })

describe('erasing oneself', () => {
  test('needs the password', async () => {
    const person = await signedIn(app)
    await expectProblem(
      await request('/v1/me', { method: 'DELETE', bearer: person.bearer, json: { password: 'not this one' } }),
      'invalid-credentials',
    )
    for (const json of [{}, { password: '' }, { password: person.password, id: admin.id }])
      await expectProblem(
        await request('/v1/me', { method: 'DELETE', bearer: person.bearer, json }),
        'validation-failed',
      )
    expect((await request('/v1/me', { bearer: person.bearer })).status).toBe(200)
  })

  test('ten times at once is done once', async () => {
    const person = await signedIn(app)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        request('/v1/me', { method: 'DELETE', bearer: person.bearer, json: { password: person.password } }),
      ),
    )
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(
      await sql`select 1 from audit_logs where action = 'account.erase' and entity_id = ${person.id}`,
    ).toHaveLength(1)
  })
})

test('what a request under way wrote about somebody while they were erased is gone after the daily job', async () => {
  const person = await givenWholeLife(app, admin)
  await ways['by an administrator']?.(person)
  await sql`insert into login_attempts (id, account_id, outcome, ip_address) values (${Bun.randomUUIDv7()}, ${person.id}, 'failed', ${person.from.ip})`
  const late = deps.audit.prepare({
    action: 'account.export',
    actorId: person.id,
    entityType: 'account',
    entityId: person.id,
    client: { ip: person.from.ip, userAgent: null, requestId: 'late' },
  })
  await sql`with ${auditCtes(sql, late)} select 1`
  expect(await findEverywhere(app, person.from.ip)).toEqual(['audit_personal', 'login_attempts'])
  await runJobNow(deps, 'purge-expired')
  expect(await findEverywhere(app, person.from.ip)).toEqual([])
})

test('an administrator who is erased leaves no address in the trail of others either', async () => {
  const other = await signedIn(app, { role: 'admin' })
  const from = { ip: '2001:db8:aaaa:bbbb::1', headers: { 'User-Agent': 'AdminsDesk/9' } }
  const person = await signedIn(app)
  await request(`/v1/admin/users/${person.id}`, { bearer: other.bearer, ...from })
  await request(`/v1/admin/users/${person.id}/lock`, { bearer: other.bearer, json: { reason: 'asked for' }, ...from })
  expect(await findEverywhere(app, from.ip)).toEqual(['audit_personal'])
  expect(
    (await request('/v1/me', { method: 'DELETE', bearer: other.bearer, json: { password: other.password }, ...from }))
      .status,
  ).toBe(204)
  for (const text of [from.ip, 'AdminsDesk']) expect(await findEverywhere(app, text)).toEqual([])
})
