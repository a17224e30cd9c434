import { expect } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createLink } from '../../src/account-links/links.ts'
import { goodPassword } from './accounts.ts'
import type { signedIn } from './administration.ts'
import { bodyOf, type SessionJson, type TestApp } from './app.ts'
import { storedPasskey } from './passkeys.ts'

/** Values of the person that would be searched for in a dump. */
export type Traces = Record<string, string>

/**
 * A person with every kind of trace, by their own acts and by those of administrators: sign-ups, failed log-ins,
 * changes, a lock with a reason that names them, overrides, trials, keys, searches for them.
 */
export async function givenWholeLife(app: TestApp, admin: Awaited<ReturnType<typeof signedIn>>) {
  const { request, deps, sql } = app
  const word = Bun.randomUUIDv7().replaceAll('-', '').slice(-12)
  const traces: Traces = {
    email: `asha.${word}@clinic.example`,
    firstName: `Asha${word}`,
    lastName: `Ångström-${word}`,
    earlierName: `Earlier${word}`,
    phone: `+9198${String(Number.parseInt(word.slice(-8), 16))
      .padStart(8, '0')
      .slice(-8)}`,
    address: `2001:db8:a${word.slice(0, 3)}:b${word.slice(3, 6)}::7`,
    otherAddress: `2001:db8:c${word.slice(6, 9)}:d${word.slice(9)}::9`,
    userAgent: `AshasPhone/${word}`,
    keyName: `Report of ${word}`,
    passkeyName: `Phone of ${word}`,
    endpoint: `Service of ${word}`,
    teamName: `Practice of ${word}`,
    lockReason: `because of ${word} herself`,
  }
  const { email = '', address = '', otherAddress = '', userAgent = '' } = traces
  const from = { ip: address, headers: { 'User-Agent': userAgent } }
  const ask = async (path: string, options: Parameters<TestApp['request']>[1], ...statuses: number[]) => {
    const answer = await request(path, { ...from, ...options })
    expect([path, statuses.includes(answer.status) || answer.status]).toEqual([path, true])
    return answer
  }
  const json = {
    email,
    password: goodPassword,
    firstName: traces.earlierName,
    lastName: traces.lastName,
    phoneNumber: traces.phone,
  }
  const registered = await bodyOf<SessionJson>(await ask('/v1/auth/register', { json }, 201))
  const { id } = registered.user
  const session = await bodyOf<SessionJson>(
    await ask('/v1/auth/login', { json: { email, password: goodPassword }, ip: otherAddress }, 200),
  )
  const bearer = session.accessToken
  await ask('/v1/auth/login', { json: { email, password: `${goodPassword} wrong` } }, 401)
  await ask('/v1/me', { method: 'PATCH', bearer, json: { firstName: traces.firstName } }, 200)
  await ask(
    '/v1/subscription',
    {
      bearer,
      json: { plan: 'business', interval: 'month' },
      headers: { ...from.headers, 'Idempotency-Key': `${email} tries` },
    },
    200,
  )
  const apiKey = {
    name: traces.keyName,
    password: goodPassword,
    ipRanges: [address],
    expiresAt: '2090-01-01T00:00:00Z',
  }
  await ask('/v1/me/passkeys/options', { bearer, method: 'POST' }, 200)
  await storedPasskey(app, id, traces.passkeyName)
  const events = ['account.updated']
  const endpoint = { url: `https://hooks.${word}.example/in`, description: traces.endpoint, events }
  const hook = await bodyOf<{ id: string }>(await ask('/v1/webhooks', { bearer, json: endpoint }, 201))
  await ask(`/v1/webhooks/${hook.id}/test`, { bearer, method: 'POST' }, 202)
  const { key } = await bodyOf<{ key: string }>(await ask('/v1/api-keys', { bearer, json: apiKey }, 201))
  await ask('/v1/dashboard', { bearer: key }, 200)
  await ask('/v1/me/audit-logs', { bearer }, 200)
  await ask('/v1/dashboard', { bearer }, 200)
  await ask(
    '/v1/auth/password/change',
    { bearer, json: { currentPassword: 'not this one', newPassword: 'umbrella ceramic walnut' } },
    401,
  )
  const refreshed = await bodyOf<SessionJson>(
    await ask('/v1/auth/refresh', { json: { refreshToken: session.refreshToken } }, 200),
  )
  await ask('/v1/auth/logout', { bearer: registered.accessToken, method: 'POST' }, 204)

  const about = (path: string, options: Parameters<TestApp['request']>[1], ...statuses: number[]) =>
    request(`/v1/admin/users${path}`, { bearer: admin.bearer, ...options }).then(({ status }) =>
      expect([path, statuses.includes(status) || status]).toEqual([path, true]),
    )
  for (const wanted of [email, traces.firstName, traces.lastName])
    await about(`?q=${encodeURIComponent(wanted ?? '')}`, {}, 200)
  await about(`/${id}`, {}, 200)
  await about(`/${id}/explain?feature=sso_oauth`, {}, 200)
  await about(`/${id}`, { method: 'PATCH', json: { timezone: 'Asia/Kolkata' } }, 200)
  await about(`/${id}/features/white_label`, { method: 'PUT', json: { granted: true, reason: traces.lockReason } }, 200)
  await request(`/v1/admin/audit-logs?ip=${encodeURIComponent(address)}`, { bearer: admin.bearer })
  await request(`/v1/admin/audit-logs?actor=${id}&format=csv`, { bearer: admin.bearer }).then((answer) => answer.text())
  // Five wrong passwords start a lockout of the address; a lock by an administrator is independent of it.
  for (let i = 0; i < 4; i++) await ask('/v1/auth/login', { json: { email, password: 'not this one' } }, 401)
  await ask('/v1/auth/login', { json: { email, password: goodPassword } }, 429)
  await about(`/${id}/lock`, { json: { reason: traces.lockReason } }, 204)
  await about(`/${id}/unlock`, { method: 'POST' }, 204)
  const last = await bodyOf<SessionJson>(await ask('/v1/auth/login', { json: { email, password: goodPassword } }, 200))
  await about(`/${id}/subscription`, { method: 'PUT', json: { plan: 'enterprise', reason: traces.lockReason } }, 200)
  await createLink(sql, { accountId: id, kind: 'reset-password', email })
  const team = Bun.randomUUIDv7()
  await sql`insert into teams (id, owner_id, name) values (${team}, ${id}, ${traces.teamName ?? ''})`
  await sql`insert into team_members (account_id, team_id) values (${id}, ${team})`
  await sql`insert into unsettled_teams (owner_id) values (${id})`
  await sql`
    insert into team_invitations (id, team_id, email, token_hash, expires_at)
    values (${Bun.randomUUIDv7()}, ${team}, ${`friend-of-${email}`}, ${randomBytes(32)}, clock_timestamp() + interval '7 days')`
  // As if the invitation were pending.
  await sql`insert into invitations (account_id, invited_by, role_by) values (${id}, ${admin.id}, ${admin.id})`
  // As if the account had been unused for long.
  await sql`insert into inactivity_notices (account_id, erase_at, first_mail_id) values (${id}, clock_timestamp() + interval '30 days', ${Bun.randomUUIDv7()})`
  await deps.mail.notify(sql, id, 'password-changed', { ip: otherAddress })
  // As for an identity added in the account, and another begun.
  await sql`
    insert into identities (id, account_id, provider, issuer, subject, email)
    values (${Bun.randomUUIDv7()}, ${id}, 'clinic', 'https://id.clinic.example', ${`subject ${word}`}, ${email})`
  await sql`
    insert into oidc_codes (id, code_hash, account_id, provider, issuer, subject, code_challenge, profile, expires_at)
    values (${Bun.randomUUIDv7()}, sha256(${word}::text::bytea), ${id}, 'clinic', 'https://id.clinic.example', ${`subject ${word}`},
            ${'x'.repeat(43)}, ''::bytea, clock_timestamp() + interval '1 minute')`
  // As POST /v1/me/consents does, which accepts configured documents.
  await sql`insert into consents (account_id, document, version, granted) values (${id}, 'newsletter', '1', true)`
  await sql`update user_accounts set consents = '{"newsletter":"1"}' where id = ${id}`
  // As the room of second factors writes it.
  await sql`update user_accounts set second_factors = '{totp}' where id = ${id}`
  // As enrolling an authenticator app does, which would end the other sessions.
  const totp = { table: 'totp_factors', column: 'secret', id: Bun.randomUUIDv7() }
  await sql`
    insert into totp_factors (id, account_id, secret, confirmed_at)
    values (${totp.id}, ${id}, ${deps.secrets.encrypt('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', totp)}, clock_timestamp())`
  await sql`insert into recovery_codes (account_id, code_hash) values (${id}, ${randomBytes(32)})`
  await sql`
    insert into mfa_challenges (id, token_hash, account_id, password_version, factors, amr, is_new_device, code_counter, expires_at)
    values (${Bun.randomUUIDv7()}, ${randomBytes(32)}, ${id}, 1, '{totp}', '{pwd}', false, ${randomBytes(32)}, clock_timestamp())`
  // As if they had paid before; the granted plan has released that.
  await sql`insert into billing_accounts (account_id) values (${id}) on conflict do nothing`
  await sql`insert into billing_customers (account_id, provider, customer_id) values (${id}, 'sandbox', ${`sbx_cus_${word}`})`
  await sql`
    insert into billing_subscriptions (provider, subscription_id, account_id, status, started_at, paid_until, cancels)
    values ('sandbox', ${`sbx_sub_${word}`}, ${id}, 'active', clock_timestamp(), clock_timestamp() + interval '30 days', false)`
  await sql`
    insert into billing_intents (id, account_id, kind, provider, expires_at) values (${Bun.randomUUIDv7()}, ${id}, 'checkout', 'sandbox', clock_timestamp())`
  await sql`
    insert into payments (id, account_id, provider, provider_payment_id, subscription_id, kind, status, amount_minor, currency, plan, at)
    values (${Bun.randomUUIDv7()}, ${id}, 'sandbox', ${`sbx_ch_${word}`}, ${`sbx_sub_${word}`}, 'charge', 'succeeded', 2999, 'USD', 'professional', clock_timestamp())`
  await sql`select count_payments(${id})`
  await deps.usage.flush()
  // As left by an instance that died.
  await sql`
    insert into quota_leases (id, account_id, month, spent, drawn, held, expires_at)
    select gen_random_uuid(), account_id, month, 0, 1, 2, clock_timestamp() from quota_usage where account_id = ${id}`
  return {
    id,
    email,
    traces,
    bearer: last.accessToken,
    refreshToken: last.refreshToken,
    olderRefreshToken: refreshed.refreshToken,
    from,
  }
}

/** The places of a text in the whole database, tables and views: as text, in JSON, or as bytes. */
export async function findEverywhere({ sql }: TestApp, text: string): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select oid::regclass::text as name from pg_class where relkind in ('r', 'm', 'p') and relnamespace = 'public'::regnamespace order by 1`
  const escaped = JSON.stringify(text).slice(1, -1)
  const bytes = Buffer.from(text).toString('hex')
  // One statement: each table by itself would be a hundred.
  const searches = tables.map(
    ({ name }) => `
      select '${name}' as place where exists (select from ${name} t where position(lower($1::text) in lower(t::text)) > 0
        or position(lower($2::text) in lower(t::text)) > 0 or position($3::text in t::text) > 0)`,
  )
  const found = await sql.unsafe<{ place: string }[]>(searches.join(' union all '), [text, escaped, bytes])
  const places = new Set(found.map(({ place }) => place))
  return tables.map(({ name }) => name).filter((name) => places.has(name))
}
