import type { Actor } from '../../src/access/actor.ts'
import type { Origin } from '../../src/audit/actor.ts'
import { type Given, givenAccount, logIn } from './accounts.ts'
import type { TestApp } from './app.ts'

const origin: Origin = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }

/** An actor for services. Only its id may count, because authority is read from the database. */
export function actingAs(accountId: string): Actor {
  const principal = {
    accountId,
    sessionId: null,
    apiKeyId: null,
    role: 'superadmin',
    privilegeLevel: 100,
    permissions: [],
    plan: 'free',
    tier: 1,
    features: [],
    planExpiresAt: null,
    payerId: accountId,
    overrides: {},
    amr: [],
    acr: 'aal1' as const,
    authTime: 0,
    outdated: false,
  }
  return { principal, origin }
}

/** An account with a session. */
export async function signedIn(app: TestApp, options: Parameters<typeof givenAccount>[1] = {}) {
  const account: Given = await givenAccount(app, options)
  const { accessToken: bearer } = await logIn(app, account)
  return { ...account, bearer }
}

/** Everything about an account that an administrator could change. */
export async function stateOf({ sql }: TestApp, accountId: string): Promise<unknown> {
  const [row] = await sql`
    select a.email, a.first_name, a.phone_number, a.role, a.status, a.locked_reason, a.authz_version::int,
           (select json_agg(s order by s.id) from user_subscriptions s where s.account_id = a.id) as subscriptions,
           (select json_agg(f order by f.feature) from account_features f where f.account_id = a.id) as overrides,
           (select count(*)::int from sessions where account_id = a.id and ended_at is null) as sessions
      from user_accounts a where a.id = ${accountId}`
  return row
}

/** The acts of an administrator on one account, as requests. */
export const actsOn: Record<string, { method: string; path: string; json?: unknown }> = {
  'change the profile': { method: 'PATCH', path: '', json: { firstName: 'Changed' } },
  'give a role': { method: 'PUT', path: '/role', json: { role: 'guest' } },
  lock: { method: 'POST', path: '/lock', json: { reason: 'asked for' } },
  unlock: { method: 'POST', path: '/unlock' },
  'end the sessions': { method: 'POST', path: '/revoke-sessions' },
  'remove second factors': { method: 'DELETE', path: '/mfa', json: { reason: 'asked for' } },
  'grant a feature': { method: 'PUT', path: '/features/sso_oauth', json: { granted: true, reason: 'asked for' } },
  'take an override away': { method: 'DELETE', path: '/features/white_label' },
  'grant a plan': { method: 'PUT', path: '/subscription', json: { plan: 'business', reason: 'asked for' } },
  erase: { method: 'DELETE', path: '' },
}
