import { afterAll, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { verifyAudit } from '../../src/audit/verify.ts'
import { diagnose } from '../../src/cli/doctor.ts'
import { migrate } from '../../src/db/migrate.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { loadConfig } from '../../src/room-config.ts'
import { givenAccount, goodPassword, logIn, registered } from '../support/accounts.ts'
import { openTestApp, patience, testSecrets } from '../support/app.ts'
import { seal, writeRows } from './trail.ts'

const name = `roles_${crypto.randomUUID().slice(0, 8)}`
const [owner, server] = [`${name}_owner`, `${name}_server`]
const outside = postgres(process.env.TEST_DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
const as = (role: string) => {
  const url = new URL(process.env.TEST_DATABASE_URL ?? '')
  url.username = role
  url.pathname = `/${name}`
  return url.href
}
await outside.unsafe(`create role ${owner} login; create role ${server} login`)
await outside.unsafe(`create database ${name} owner ${owner}`)
afterAll(async () => {
  await outside.unsafe(`drop database if exists ${name} with (force)`)
  await outside.unsafe(`drop role if exists ${server}; drop role if exists ${owner}`)
  await outside.end()
})
// Twice, as every deployment does.
await migrate({ url: as(owner), serverRole: server })
await migrate({ url: as(owner), serverRole: server })
const app = await openTestApp({ DATABASE_URL: as(server), DATABASE_MIGRATION_URL: as(owner) })
const { request, sql, deps } = app

describe('with a role for the server that owns nothing', () => {
  test('everything works: people, administration, audit, jobs, erasure', async () => {
    const admin = await logIn(app, await givenAccount(app, { role: 'superadmin', plan: 'enterprise' }))
    const person = await registered(app, { firstName: 'Asha' })
    const { accessToken: bearer } = admin
    const reason = 'asked for on the telephone'
    const asked: [string, Parameters<typeof request>[1], number][] = [
      ['/v1/auth/refresh', { json: { refreshToken: person.refreshToken } }, 200],
      ['/v1/auth/login', { json: { email: person.email, password: 'not this one' } }, 401],
      ['/v1/me', { method: 'PATCH', bearer: person.accessToken, json: { firstName: 'Ravi' } }, 200],
      ['/v1/me/export', { bearer: person.accessToken }, 200],
      ['/v1/subscription', { bearer: person.accessToken, json: { plan: 'starter', interval: 'month' } }, 200],
      ['/v1/dashboard', { bearer: person.accessToken }, 200],
      ['/v1/admin/users?q=people', { bearer }, 200],
      [`/v1/admin/users/${person.id}`, { bearer }, 200],
      [`/v1/admin/users/${person.id}/role`, { method: 'PUT', bearer, json: { role: 'subscriber' } }, 200],
      [`/v1/admin/users/${person.id}/subscription`, { method: 'PUT', bearer, json: { plan: 'business', reason } }, 200],
      [
        `/v1/admin/users/${person.id}/features/sso_oauth`,
        { method: 'PUT', bearer, json: { granted: true, reason } },
        200,
      ],
      [`/v1/admin/users/${person.id}/lock`, { bearer, json: { reason }, headers: { 'Idempotency-Key': 'one' } }, 204],
      [`/v1/admin/users/${person.id}/unlock`, { method: 'POST', bearer }, 204],
      ['/v1/admin/roles', { bearer, json: { name: 'auditor', description: 'Reads', privilegeLevel: 40 } }, 201],
      ['/v1/admin/plans/starter', { method: 'PATCH', bearer, json: { description: 'For one' } }, 200],
      ['/v1/admin/audit-logs', { bearer }, 200],
      ['/v1/admin/audit-logs?format=csv', { bearer }, 200],
      ['/v1/admin/analytics/overview', { bearer }, 200],
      ['/v1/admin/analytics/security', { bearer }, 200],
      ['/health', {}, 200],
      ['/metrics', {}, 200],
      [`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer }, 204],
      [
        '/v1/auth/password/change',
        { bearer, json: { currentPassword: goodPassword, newPassword: 'umbrella ceramic walnut' } },
        200,
      ],
      ['/v1/auth/logout', { method: 'POST', bearer }, 204],
    ]
    for (const [path, options, status] of asked) {
      const response = await request(path, options)
      expect(`${path} ${response.status} ${await response.text()}`).toStartWith(`${path} ${status} `)
    }
    await writeRows(app, 3, 400)
    for (const job of deps.jobs) expect(await runJobNow(deps, job.name), job.name).not.toBeNull()
    expect(await sql`select 1 from audit_archive`).toHaveLength(3)
    await seal(app)
    expect(await verifyAudit(deps, null)).toMatchObject({ ok: true })
  })

  test.each([
    'update audit_logs set action = action',
    'delete from audit_logs',
    'truncate audit_logs cascade',
    'update audit_checkpoints set row_count = row_count',
    'delete from audit_checkpoints',
    'insert into audit_archive select * from audit_logs',
    'update audit_archive set action = action',
    'delete from audit_archive',
    'update audit_personal set account_id = null',
    'truncate audit_personal',
    'update audit_subjects set account_id = null',
    'truncate audit_subjects',
    'update consents set granted = true',
    'truncate consents',
    'update audit_queue set audit_id = audit_id',
    "update schema_migrations set checksum = 'x'",
    'delete from schema_migrations',
    'alter table audit_logs disable trigger all',
    'drop trigger append_only on audit_logs',
    'create or replace function refuse_audit_change() returns trigger language plpgsql as $$ begin return old; end $$',
    'refresh materialized view activity_by_day',
    'drop table audit_logs cascade',
    'set session_replication_role = replica',
  ])('it may not: %s', async (statement) => {
    const refused = sql.begin((tx) => tx.unsafe(`set local manas360.audit_retention = 'on'; ${statement}`))
    await expect(refused).rejects.toMatchObject({ code: '42501' })
  })

  test('the doctor is content, where with one role it warns', async () => {
    const told = async (role: string) => {
      const lines: string[] = []
      const environment = { ...testSecrets, ...patience, DATABASE_URL: as(role), DB_POOL_MAX: '5' }
      await diagnose(loadConfig(environment), (line) => lines.push(line))
      return lines.filter((line) => line.includes('audit trail')).join()
    }
    expect(await told(server)).toContain("append-only for the server's role")
    expect(await told(owner)).toContain('a trigger still refuses')
  })
})
