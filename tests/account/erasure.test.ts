import { describe, expect, test } from 'bun:test'
import { account } from '../../src/audit/actor.ts'
import { verifyAudit } from '../../src/audit/verify.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { goodPassword } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { sendMailsTo, templatesTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { ofLongAgo } from '../support/tokens.ts'
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
      await deps.usage.flush()
      await sql`select refresh_views()`
      // But for the last mail, which goes as it is sent.
      expect(await findEverywhere(app, person.email)).toEqual(['mail_outbox'])
      expect(await templatesTo(app, person.email)).toEqual(['account-erased'])
      await sendMailsTo(app, person.email)
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
  test('needs the password, or a sign-in of the last 10 minutes', async () => {
    const person = await signedIn(app)
    await expectProblem(
      await request('/v1/me', { method: 'DELETE', bearer: person.bearer, json: { password: 'not this one' } }),
      'invalid-credentials',
    )
    await expectProblem(
      await request('/v1/me', { method: 'DELETE', bearer: await ofLongAgo(person.bearer), json: {} }),
      'reauthentication-required',
    )
    for (const json of [{ password: '' }, { password: person.password, id: admin.id }])
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
  const origin = { ip: person.from.ip, userAgent: null, requestId: 'late' }
  await deps.audit.record(sql, { principal: { accountId: person.id }, origin }, 'account.export', account(person.id))
  expect(await findEverywhere(app, person.from.ip)).toEqual(['audit_personal', 'login_attempts'])
  await runJobNow(deps, 'purge-expired')
  expect(await findEverywhere(app, person.from.ip)).toEqual([])
})

describe('an administrator', async () => {
  const root = await signedIn(app, { role: 'superadmin' })
  const from = { ip: '2001:db8:aaaa:bbbb::1', headers: { 'User-Agent': 'AdminsDesk/9' } }
  const side = async (action: string, actorId: string) => {
    const [row] = await sql`
      select p.data ->> 'ip' as ip, p.data ->> 'userAgent' as user_agent, s.data -> 'before' as before, s.data -> 'after' as after
        from audit_logs l left join audit_personal p on p.audit_id = l.id left join audit_subjects s on s.audit_id = l.id
       where l.action = ${action} and l.actor_id = ${actorId}`
    return row as Record<string, unknown> | undefined
  }
  const place = { ip: from.ip, userAgent: 'AdminsDesk/9' }
  const eraseSelf = ({ bearer, password }: { bearer: string; password: string }) =>
    request('/v1/me', { method: 'DELETE', bearer, json: { password }, ...from })

  test('must be demoted before they erase themself, by the row as it is and not by the token', async () => {
    const other = await signedIn(app, { role: 'admin' })
    await expectProblem(await eraseSelf(other), 'demote-first')
    const person = await signedIn(app)
    await request(`/v1/admin/users/${person.id}/role`, { method: 'PUT', bearer: root.bearer, json: { role: 'admin' } })
    await expectProblem(await eraseSelf(person), 'demote-first')
    expect((await request('/v1/me', { bearer: other.bearer })).status).toBe(200)
  })

  test('who was demoted and is erased leaves in the trail from where they acted on others, and what they changed', async () => {
    const other = await signedIn(app, { role: 'admin' })
    const person = await signedIn(app)
    const bearer = other.bearer
    const act = async (path: string, options: object) =>
      expect((await request(path, { bearer, ...from, ...options })).status).toBeLessThan(300)
    await act(`/v1/admin/users/${person.id}`, { method: 'PATCH', json: { firstName: 'Changed' } })
    await act(`/v1/admin/users/${person.id}/lock`, { json: { reason: 'asked for' } })
    await act('/v1/admin/users?q=somebody', {})
    await act('/v1/admin/audit-logs', {})
    await act('/v1/me', { method: 'PATCH', json: { firstName: 'Own' } })
    await runJobNow(deps, 'seal-audit')
    await request(`/v1/admin/users/${other.id}/role`, { method: 'PUT', bearer: root.bearer, json: { role: 'user' } })
    const again = await request('/v1/auth/login', { json: { email: other.email, password: other.password } })
    const { accessToken } = await bodyOf<SessionJson>(again)
    expect((await eraseSelf({ bearer: accessToken, password: other.password })).status).toBe(204)
    await runJobNow(deps, 'purge-expired')
    expect(await side('account.lock', other.id)).toMatchObject({ ...place, after: { reason: 'asked for' } })
    for (const action of ['account.search', 'audit.read']) expect(await side(action, other.id)).toMatchObject(place)
    // Of two changes of a profile the one of their own is theirs to take along.
    const changes = await sql`
      select l.entity_id, p.data ->> 'ip' as ip, s.data -> 'after' as after
        from audit_logs l left join audit_personal p on p.audit_id = l.id left join audit_subjects s on s.audit_id = l.id
       where l.action = 'profile.update' and l.actor_id = ${other.id} order by l.id`
    expect(changes).toEqual<unknown>([
      { entityId: person.id, ip: from.ip, after: { firstName: 'Changed' } },
      { entityId: other.id, ip: null, after: null },
    ])
    await runJobNow(deps, 'seal-audit')
    expect(await verifyAudit(deps, null)).toMatchObject({ ok: true, unsealed: 0 })
  })

  test('who erases somebody is told of with their place, also once that person is gone', async () => {
    const other = await signedIn(app, { role: 'admin' })
    const person = await givenWholeLife(app, { ...admin, bearer: other.bearer })
    await request(`/v1/admin/users/${person.id}`, {
      method: 'PATCH',
      bearer: other.bearer,
      json: { lastName: 'Once' },
      ...from,
    })
    expect(
      (await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer: other.bearer, ...from })).status,
    ).toBe(204)
    expect(await side('account.erase', other.id)).toMatchObject({ ...place, before: null, after: null })
    const [change] = await sql`
      select p.data ->> 'ip' as ip, s.audit_id as subject from audit_logs l left join audit_personal p on p.audit_id = l.id left join audit_subjects s on s.audit_id = l.id
       where l.action = 'profile.update' and l.actor_id = ${other.id} and l.entity_id = ${person.id} order by l.id desc limit 1`
    expect(change).toEqual({ ip: from.ip, subject: null } as never)
  })

  test('keeps the evidence that is older than its two sides: of acts on what is nobody’s, but not of themself', async () => {
    const other = await signedIn(app)
    const [role, own] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()]
    for (const [id, type] of [
      [role, 'role'],
      [own, 'session'],
    ] as const)
      await sql`
        with line as (
          insert into audit_logs (id, at, actor_id, action, entity_type, key_id, personal_hash, mac)
          values (${id}, now(), ${other.id}, 'any.thing', ${type}, 'k', sha256(''), sha256('')))
        insert into audit_personal (audit_id, account_id, salt, data) values (${id}, ${other.id}, '', '{"ip":"192.0.2.99"}')`
    expect((await eraseSelf(other)).status).toBe(204)
    expect(await sql`select audit_id from audit_personal where audit_id in (${role}, ${own})`).toEqual<unknown>([
      { auditId: role },
    ])
    await sql`delete from audit_queue where audit_id in (${role}, ${own})`
  })
})
