import { accessData } from '../access/personal-data.ts'
import { accountLinkData } from '../account-links/personal-data.ts'
import { apiKeyData } from '../api-keys/personal-data.ts'
import { auditData } from '../audit/personal-data.ts'
import { authData } from '../auth/personal-data.ts'
import { billingData } from '../billing/personal-data.ts'
import { consentData } from '../consents/personal-data.ts'
import { type ExportedPart, type PersonalData, rowsOf } from '../db/personal-data.ts'
import { idempotencyData } from '../idempotency/personal-data.ts'
import { mailData } from '../mail/personal-data.ts'
import { mfaData } from '../mfa/personal-data.ts'
import { passkeyData } from '../passkeys/personal-data.ts'
import { plansData } from '../quotas/personal-data.ts'
import { ssoData } from '../sso/personal-data.ts'
import { teamData } from '../teams/personal-data.ts'
import { webhookData } from '../webhooks/personal-data.ts'

const account: PersonalData = {
  table: 'user_accounts',
  exported: rowsOf('user_accounts', {
    part: 'account',
    account: 'id',
    columns: `t.id, email, email_verified_at as "emailVerifiedAt",
      email_undeliverable_at as "emailUndeliverableAt", first_name as "firstName", last_name as "lastName", phone_number as "phoneNumber",
      language, timezone, role, status, locked_reason as "lockedReason", created_at as "createdAt", updated_at as "updatedAt", last_login_at as "lastLoginAt", last_used_at as "lastUsedAt", consents,
      second_factors as "secondFactors"`,
    key: [['id', 'uuid']],
  }),
  erased: { otherwise: 'the row stays, anonymous, so that the trail has something to name' },
}

const ownData: PersonalData[] = [
  {
    table: 'usage_daily',
    exported: rowsOf('usage_daily', {
      part: 'usage',
      columns: 't.day, route, requests',
      key: [
        ['day', 'date'],
        ['route', 'text'],
      ],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'invitations',
    exported: rowsOf('invitations', {
      part: 'invitation',
      columns: 't.plan, invited_at as "invitedAt"',
      key: [['account_id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'inactivity_notices',
    exported: rowsOf('inactivity_notices', {
      part: 'inactivityNotices',
      columns:
        't.erase_at as "eraseAt", first_at as "firstAt", first_sent_at as "firstSentAt", last_at as "lastAt", last_sent_at as "lastSentAt"',
      key: [['account_id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'revenue_by_plan_and_day',
    exported: { not: 'sums' },
    erased: { otherwise: 'sums, of which nobody can be told' },
  },
  {
    table: 'failing_addresses',
    exported: { not: 'how many sign-ins failed from an address, whosever they were' },
    erased: { otherwise: 'counted again without the sign-ins of whoever is erased (sql/functions/sums.sql)' },
  },
]

/** All tables with personal data, as each room declares them. */
export const personalData: readonly PersonalData[] = [
  account,
  ...authData,
  ...passkeyData,
  ...mfaData,
  ...apiKeyData,
  ...accountLinkData,
  ...consentData,
  ...ssoData,
  ...webhookData,
  ...ownData,
  ...idempotencyData,
  ...mailData,
  ...billingData,
  ...teamData,
  ...plansData,
  ...accessData,
  ...auditData,
]

/** The parts of an export, in this order. */
export const exportedParts: readonly ExportedPart[] = personalData.flatMap(({ exported }) =>
  'part' in exported ? [exported] : [],
)
