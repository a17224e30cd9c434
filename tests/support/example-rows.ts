import type { SecondFactorKind } from '../../src/auth/first-factor.ts'
import { askForFactor } from '../../src/mfa/challenge.ts'
import { newEmail } from './accounts.ts'
import type { TestApp } from './app.ts'
import { storedPasskey } from './passkeys.ts'

/** The secret of every authenticator app here. */
export const totpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

/** Rows that must be there before an example can be sent. Of a given id there is one, which takes the place of an earlier one. */
export function exampleRows(app: TestApp) {
  const { sql, deps } = app

  /** An account on the free plan. One that was erased gives its id up. */
  async function makePerson(id: string, passwordHash: string): Promise<void> {
    await sql`update user_accounts set id = gen_random_uuid() where id = ${id} and status = 'deleted'`
    const made = await sql`
      insert into user_accounts (id, email, password_hash) values (${id}, ${newEmail()}, ${passwordHash}) on conflict do nothing returning 1`
    if (made.length > 0)
      await sql`
        insert into user_subscriptions (id, account_id, plan, status) values (${Bun.randomUUIDv7()}, ${id}, 'free', 'active')`
  }

  async function makeSession(id: string, accountId: string): Promise<void> {
    await sql`delete from sessions where id = ${id}`
    await sql`insert into sessions (id, account_id, expires_at) values (${id}, ${accountId}, now() + interval '1 day')`
  }

  async function makeTeam(ownerId: string): Promise<string> {
    const id = Bun.randomUUIDv7()
    await sql`insert into teams (id, owner_id) values (${id}, ${ownerId})`
    await sql`insert into team_members (account_id, team_id) values (${ownerId}, ${id})`
    return id
  }

  async function makeMember(accountId: string, team: string): Promise<void> {
    await sql`delete from team_members where account_id = ${accountId}`
    await sql`insert into team_members (account_id, team_id) values (${accountId}, ${team})`
  }

  async function makeTeamInvitation(id: string, team: string, address: string, token: string): Promise<void> {
    await sql`delete from team_invitations where id = ${id}`
    await sql`
      insert into team_invitations (id, team_id, email, token_hash, expires_at)
      values (${id}, ${team}, ${address}, sha256(${token}), now() + interval '1 day')`
  }

  /** As if they paid through a provider. */
  async function makePaid(accountId: string): Promise<void> {
    await sql`
      update user_subscriptions set provider = 'sandbox', provider_subscription_id = ${accountId}, paid_until = now() + interval '30 days',
             price_id = (select id from plan_prices where plan = 'professional' limit 1)
       where account_id = ${accountId} and ended_at is null`
    await sql`insert into billing_customers (account_id, provider, customer_id) values (${accountId}, 'sandbox', ${accountId})`
  }

  async function makeInvited(id: string, invitedBy: string): Promise<void> {
    await sql`
      update user_accounts set status = 'invited', is_invited = true, password_hash = null, email_verified_at = null where id = ${id}`
    await sql`insert into invitations (account_id, invited_by, role_by) values (${id}, ${invitedBy}, ${invitedBy}) on conflict do nothing`
  }

  async function makePasskey(id: string, accountId: string): Promise<void> {
    await sql`delete from passkeys where id = ${id}`
    await sql`update passkeys set id = ${id} where id = ${await storedPasskey(app, accountId)}`
  }

  async function makeIdentity(id: string, accountId: string): Promise<void> {
    await sql`delete from identities where id = ${id}`
    await sql`insert into identities (id, account_id, provider, issuer, subject) values (${id}, ${accountId}, 'google', 'https://x.example', ${accountId})`
  }

  async function makeTotp(accountId: string): Promise<void> {
    const id = Bun.randomUUIDv7()
    const secret = deps.secrets.encrypt(totpSecret, { table: 'totp_factors', column: 'secret', id })
    await sql`insert into totp_factors (id, account_id, secret, confirmed_at) values (${id}, ${accountId}, ${secret}, now())`
    await sql`update user_accounts set second_factors = '{totp}' where id = ${accountId}`
  }

  async function makeEnrolment(accountId: string): Promise<void> {
    await makeTotp(accountId)
    await sql`update totp_factors set confirmed_at = null where account_id = ${accountId}`
    await sql`update user_accounts set second_factors = '{}' where id = ${accountId}`
  }

  /** A sign-in that waits for its second factor: an authenticator app, or a passkey where the account has one. */
  async function makeMfaToken(accountId: string): Promise<string> {
    await makeTotp(accountId)
    const [row] = await sql<{ secondFactors: SecondFactorKind[] }[]>`
      update user_accounts a
         set second_factors = '{totp}' || case when exists (select from passkeys where account_id = a.id) then '{passkey}'::text[] else '{}' end
       where id = ${accountId} returning second_factors`
    const account = { id: accountId, passwordVersion: 1, secondFactors: row?.secondFactors ?? [] }
    const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'a test' }
    const asked = await askForFactor(deps, { account, amr: ['pwd'], origin, deviceId: null })
    return asked?.mfaToken ?? ''
  }

  async function makeMail(id: string, recipient: string): Promise<void> {
    await sql`delete from mail_outbox where id = ${id}`
    await sql`
      insert into mail_outbox (id, recipient, language, template, message_id, status, attempts, ended_at)
      values (${id}, ${recipient}, 'en', 'reset-password', ${`<${id}@x>`}, 'failed', 1, now())`
  }

  async function makeBillingEvent(id: string): Promise<void> {
    await sql`delete from billing_events where id = ${id}`
    await sql`
      insert into billing_events (id, provider, event_id, type, status, ended_at) values (${id}, 'sandbox', ${id}, 'example', 'failed', now())`
  }

  /** @param owner null: the operators */
  async function makeWebhook(id: string, owner: string | null, createdBy: string, deliveryId?: string): Promise<void> {
    await sql`delete from webhook_endpoints where id = ${id}`
    await sql`
      insert into webhook_endpoints (id, account_id, created_by, url, events, secret)
      values (${id}, ${owner}, ${createdBy}, 'https://hooks.example.com/', '{account.updated}',
              ${deps.secrets.encrypt('whsec_AAAA', { table: 'webhook_endpoints', column: 'secret', id })})`
    if (deliveryId === undefined) return
    const message = Bun.randomUUIDv7()
    await sql`insert into webhook_messages (id, type, body, account_id) values (${message}, 'webhook.test', '{}', ${owner})`
    await sql`insert into webhook_deliveries (id, endpoint_id, message_id) values (${deliveryId}, ${id}, ${message})`
  }

  return {
    makePerson,
    makeSession,
    makeTeam,
    makeMember,
    makeTeamInvitation,
    makePaid,
    makeInvited,
    makePasskey,
    makeIdentity,
    makeTotp,
    makeEnrolment,
    makeMfaToken,
    makeMail,
    makeBillingEvent,
    makeWebhook,
  }
}
