import { goodPassword, newEmail } from './support/accounts.ts'
import { SoftPasskey } from './support/soft-passkey.ts'

const nothingOurs = { challengeToken: 'of no options' }
const challenge = 'A'.repeat(43)
const unknownAssertion = new SoftPasskey().get({ challenge, rpId: 'localhost' })
const unaskedPasskey = new SoftPasskey().create({ challenge, rp: { id: 'localhost' }, user: { id: 'AAAA' } })

/** What a row may use to ask for something that exists: a person of role user, and things made for this one request. */
export type Target = {
  accountId: string
  sessionId: string
  apiKeyId: string
  passkeyId: string
  refreshToken: string
  unique: string
}

export type Row = {
  /** What its guards demand, left to right. */
  demands: string
  /** Statuses for anonymous, guest, user, subscriber, admin and superadmin; one number stands for all. */
  answers: string
  /** What `user`, or `admin` where only administrators come so far, is answered about somebody who is not theirs. */
  stranger?: number
  path?: (target: Target) => string
  json?: (target: Target) => unknown
  /**
   * Statuses for an API key without any permission and for one with those of no list (profile.read, dashboard.read), of a
   * superadmin on the largest plan. A guarded route that says nothing refuses them: 403 `api-key-not-allowed`.
   */
  keys?: string
  /** The request spends what the actor has: it gets an account of its own. */
  spends?: true
}

const signedIn = 'authenticated'
const recently = 'authenticated, recent 600'
const withProfile = 'authenticated or key with profile.read'
const withDashboard = 'authenticated or key with dashboard.read'
const openToDefault = '403 200'
const everyone = '401 200 200 200 200 200'
const everyoneNoContent = '401 204 204 204 204 204'
const users = 'authenticated, permission users.manage, admin mfa'
const subscriptions = 'authenticated, permission subscriptions.manage, admin mfa'
const settings = 'authenticated, permission settings.manage, admin mfa'
const features = 'authenticated, permission features.manage, admin mfa'
const analytics: Row = {
  demands: 'authenticated, permission analytics.read, admin mfa',
  answers: '401 403 403 403 200 200',
}
const apiKeys = 'authenticated, feature api_access'
const ownKeysOnly: Row = {
  demands: apiKeys,
  answers: '401 404 404 404 404 404',
  stranger: 404,
  path: ({ apiKeyId }) => `/v1/api-keys/${apiKeyId}`,
}
const ownPasskeysOnly: Row = {
  demands: signedIn,
  answers: '401 404 404 404 404 404',
  stranger: 404,
  path: ({ passkeyId }) => `/v1/me/passkeys/${passkeyId}`,
}
const webhooks = 'authenticated, feature webhook_support'
const teams = 'authenticated, feature team_collaboration'
const unknown = '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d'
const webhookOf = (event: string) => ({ url: 'https://hooks.example.com/in', events: [event] })
const nowhere: Row = { demands: '', answers: '404' }
const codeOfNobody = { code: 'of nobody', codeVerifier: 'x'.repeat(43) }
const reason = 'asked for on the telephone'

/** guest, user: free. subscriber: professional. admin: business. superadmin: enterprise. */
const ofThePerson: Record<string, Row> = {
  'GET /live': { demands: '', answers: '200' },
  'GET /ready': { demands: '', answers: '200' },
  'GET /health': { demands: '', answers: '200' },
  'GET /metrics': { demands: '', answers: '200' },
  'GET /docs': { demands: '', answers: '200' },
  'GET /docs/:file': { demands: '', answers: '404', path: () => '/docs/no-such-file.js' },
  'GET /problems': { demands: '', answers: '200' },
  'GET /problems/:code': { demands: '', answers: '200', path: () => '/problems/not-found' },
  // In development, for a peer on this machine alone; whoever that is.
  'GET /dev/mail': { demands: '', answers: '200' },
  'GET /dev/mail.css': { demands: '', answers: '200' },
  'GET /dev/mail/:id': keptMail(''),
  'GET /dev/mail/:id/text': keptMail('/text'),
  'GET /dev/mail/:id/html': keptMail('/html'),
  // Where the sandbox takes payments; the table's app has no provider.
  'GET /sandbox': nowhere,
  'GET /sandbox/pages.css': nowhere,
  'POST /sandbox/clock': nowhere,
  'GET /sandbox/checkouts/:id': {
    ...nowhere,
    stranger: 404,
    path: ({ accountId }) => `/sandbox/checkouts/${accountId}`,
  },
  'POST /sandbox/checkouts/:id': {
    ...nowhere,
    stranger: 404,
    path: ({ accountId }) => `/sandbox/checkouts/${accountId}`,
  },
  'GET /sandbox/subscriptions/:id': {
    ...nowhere,
    stranger: 404,
    path: ({ accountId }) => `/sandbox/subscriptions/${accountId}`,
  },
  'POST /sandbox/subscriptions/:id': {
    ...nowhere,
    stranger: 404,
    path: ({ accountId }) => `/sandbox/subscriptions/${accountId}`,
  },
  'GET /account/verify-email': { demands: '', answers: '200' },
  'GET /account/reset-password': { demands: '', answers: '200' },
  'GET /account/confirm-email': { demands: '', answers: '200' },
  'GET /account/undo-email': { demands: '', answers: '200' },
  'GET /account/accept-invitation': { demands: '', answers: '200' },
  'GET /account/accept-team': { demands: '', answers: '200' },
  'GET /account/assets/:file': { demands: '', answers: '404', path: () => '/account/assets/no-such-file.js' },
  'GET /console': { demands: '', answers: '200' },
  'GET /console/': { demands: '', answers: '308' },
  'GET /console/:page': { demands: '', answers: '200', path: () => '/console/people' },
  'GET /console/:page/:name': { demands: '', answers: '200', path: () => '/console/roles/admin' },
  'GET /openapi.json': { demands: '', answers: '200' },
  'GET /.well-known/jwks.json': { demands: '', answers: '200' },
  'POST /v1/auth/register': {
    demands: '',
    answers: '201',
    json: () => ({ email: newEmail(), password: goodPassword }),
  },
  'POST /v1/auth/login': {
    demands: '',
    answers: '401',
    json: () => ({ email: newEmail(), password: 'not known here' }),
  },
  'POST /v1/auth/mfa': {
    demands: '',
    answers: '401',
    json: () => ({ mfaToken: 'of no sign-in', code: '123456' }),
  },
  'POST /v1/auth/mfa/options': { demands: '', answers: '401', json: () => ({ mfaToken: 'of no sign-in' }) },
  // Nobody here has a passkey: all are told so after they were let in.
  'POST /v1/auth/reauthenticate/options': { demands: signedIn, answers: '401 409 409 409 409 409' },
  'POST /v1/auth/reauthenticate': { demands: signedIn, answers: everyone, json: () => ({ password: goodPassword }) },
  'GET /v1/me/mfa': { demands: signedIn, answers: everyone },
  'POST /v1/me/mfa/totp': { demands: recently, answers: '401 201 201 201 201 201' },
  // Nobody here has a second factor: all are told so after they were let in.
  'POST /v1/me/mfa/totp/confirm': {
    demands: recently,
    answers: '401 404 404 404 404 404',
    json: () => ({ code: '123456' }),
    spends: true,
  },
  'DELETE /v1/me/mfa/totp': { demands: recently, answers: '401 404 404 404 404 404' },
  'POST /v1/me/mfa/recovery-codes': { demands: recently, answers: '401 409 409 409 409 409' },
  'POST /v1/auth/refresh': { demands: '', answers: '200', json: ({ refreshToken }) => ({ refreshToken }) },
  'POST /v1/auth/password/forgot': { demands: '', answers: '202', json: () => ({ email: newEmail() }) },
  'POST /v1/auth/password/reset': {
    demands: '',
    answers: '400',
    json: () => ({ token: 'of no link', newPassword: 'umbrella ceramic walnut drizzle' }),
  },
  'POST /v1/auth/email/verify': { demands: '', answers: '400', json: () => ({ token: 'of no link' }) },
  'POST /v1/auth/email/resend': { demands: '', answers: '202', json: () => ({ email: newEmail() }) },
  'POST /v1/auth/email/confirm-change': { demands: '', answers: '400', json: () => ({ token: 'of no link' }) },
  'POST /v1/auth/email/undo-change': { demands: '', answers: '400', json: () => ({ token: 'of no link' }) },
  'POST /v1/auth/invitation/accept': {
    demands: '',
    answers: '400',
    json: () => ({ token: 'of no link', password: goodPassword }),
  },
  'POST /v1/auth/passkey/options': { demands: '', answers: '200' },
  'POST /v1/auth/passkey': {
    demands: '',
    answers: '401',
    json: () => ({ ...nothingOurs, response: unknownAssertion }),
  },
  'GET /v1/me/passkeys': { demands: signedIn, answers: everyone },
  'POST /v1/me/passkeys/options': { demands: recently, answers: everyone },
  // Whoever is let in is told that nothing of it was asked for here.
  'POST /v1/me/passkeys': {
    demands: recently,
    answers: '401',
    json: () => ({ ...nothingOurs, response: unaskedPasskey, name: 'Phone' }),
  },
  // Everybody, the superadmin included, renames and removes own ones only.
  'PATCH /v1/me/passkeys/:id': { ...ownPasskeysOnly, json: () => ({ name: 'Telephone' }) },
  'DELETE /v1/me/passkeys/:id': { ...ownPasskeysOnly, demands: recently },
  'GET /v1/auth/providers': { demands: '', answers: '200' },
  // None is configured.
  'GET /v1/auth/oidc/:provider/start': {
    demands: '',
    answers: '404',
    path: () => `/v1/auth/oidc/google/start?returnTo=x&codeChallenge=${'x'.repeat(43)}`,
  },
  'GET /v1/auth/oidc/:provider/callback': {
    demands: '',
    answers: '404',
    path: () => '/v1/auth/oidc/google/callback?code=x&state=x',
  },
  'POST /v1/auth/oidc/exchange': { demands: '', answers: '401', json: () => codeOfNobody },
  'GET /v1/me/identities': { demands: signedIn, answers: everyone },
  'POST /v1/me/identities': { demands: recently, answers: '401', json: () => codeOfNobody },
  'POST /v1/me/identities/:provider/start': {
    demands: recently,
    answers: '401 404 404 404 404 404',
    path: () => '/v1/me/identities/google/start',
    json: () => ({ returnTo: 'x', codeChallenge: 'x'.repeat(43) }),
  },
  'DELETE /v1/me/identities/:id': {
    demands: recently,
    answers: '401 404 404 404 404 404',
    stranger: 404,
    path: ({ apiKeyId }) => `/v1/me/identities/${apiKeyId}`,
  },
  'POST /v1/me/email': {
    demands: 'authenticated, recent 600 or password',
    answers: '401 202 202 202 202 202',
    json: () => ({ newEmail: newEmail(), password: goodPassword }),
  },
  'POST /v1/auth/logout': { demands: signedIn, answers: everyoneNoContent, spends: true },
  'POST /v1/auth/logout-all': { demands: signedIn, answers: everyoneNoContent, spends: true },
  'GET /v1/auth/sessions': { demands: signedIn, answers: everyone },
  // Everybody, the superadmin included, ends own sessions only.
  'DELETE /v1/auth/sessions/:id': {
    demands: signedIn,
    answers: '401 404 404 404 404 404',
    stranger: 404,
    path: ({ sessionId }) => `/v1/auth/sessions/${sessionId}`,
  },
  'POST /v1/auth/password/change': {
    demands: signedIn,
    answers: everyone,
    json: () => ({ currentPassword: goodPassword, newPassword: 'umbrella ceramic walnut drizzle' }),
    spends: true,
  },
  'GET /v1/me': { demands: `${withProfile}, permission profile.read, quota`, answers: everyone, keys: openToDefault },
  'PATCH /v1/me': {
    demands: 'authenticated, permission profile.update',
    answers: '401 403 200 200 200 200',
    json: () => ({ firstName: 'Asha' }),
  },
  'DELETE /v1/me': {
    demands: 'authenticated, permission profile.delete, recent 600 or password',
    answers: '401 403 204 204 409 409',
    json: () => ({ password: goodPassword }),
    spends: true,
  },
  'GET /v1/me/entitlements': { demands: `${withProfile}, quota`, answers: everyone, keys: openToDefault },
  'GET /v1/me/export': { demands: `${withProfile}, quota`, answers: everyone, keys: openToDefault },
  'GET /v1/me/consents': { demands: `${withProfile}, quota`, answers: everyone, keys: openToDefault },
  'POST /v1/me/consents': {
    demands: signedIn,
    answers: '401 201 201 201 201 201',
    json: () => ({ document: 'newsletter', version: '1', granted: true }),
  },
  'GET /v1/authz/changes': {
    demands: 'authenticated or key with authz.read, permission authz.read',
    answers: '401 403 403 403 403 200',
    keys: '403 403',
  },
  'GET /v1/me/audit-logs': { demands: 'authenticated, feature audit_logs', answers: '401 403 403 403 200 200' },
  'GET /v1/entitlements/:feature': {
    demands: `${withProfile}, quota`,
    answers: '401 403 403 200 200 200',
    keys: openToDefault,
    path: () => '/v1/entitlements/premium_dashboard',
  },
  'GET /v1/dashboard': {
    demands: `${withDashboard}, permission dashboard.read, quota`,
    answers: '401 403 200 200 200 200',
    keys: openToDefault,
  },
  'GET /v1/dashboard/insights': {
    demands: `${withDashboard}, permission dashboard.read, feature premium_dashboard, quota`,
    answers: '401 403 403 200 200 200',
    keys: openToDefault,
  },
  'GET /v1/reports/usage': {
    demands: `${withDashboard}, feature advanced_reporting, quota`,
    answers: '401 403 403 200 200 200',
    keys: openToDefault,
  },
  'GET /v1/api-keys': { demands: apiKeys, answers: everyone },
  'POST /v1/api-keys': {
    demands: `${apiKeys}, recent 600 or password`,
    answers: '401 201 201 201 201 201',
    json: () => ({ name: 'Nightly report', password: goodPassword }),
    spends: true,
  },
  // Everybody, the superadmin included, sees and deletes own keys only.
  'GET /v1/api-keys/:id': ownKeysOnly,
  'DELETE /v1/api-keys/:id': ownKeysOnly,
  'GET /v1/team': { demands: signedIn, answers: '401 403 403 200 200 200' },
  'PATCH /v1/team': { demands: teams, answers: '401 403 403 200 200 200', json: () => ({ name: 'Practice' }) },
  'GET /v1/team/members': { demands: signedIn, answers: '401 403 403 200 200 200' },
  'DELETE /v1/team/members/:id': {
    demands: signedIn,
    answers: '401 404 404 404 404 404',
    stranger: 404,
    path: ({ accountId }) => `/v1/team/members/${accountId}`,
  },
  'GET /v1/team/invitations': { demands: signedIn, answers: '401 403 403 200 200 200' },
  'POST /v1/team/invitations': {
    demands: teams,
    answers: '401 403 403 202 202 202',
    json: () => ({ email: newEmail() }),
  },
  'DELETE /v1/team/invitations/:id': {
    demands: signedIn,
    answers: '401 404 404 404 404 404',
    stranger: 404,
    path: ({ accountId }) => `/v1/team/invitations/${accountId}`,
  },
  'POST /v1/team/accept': {
    demands: signedIn,
    answers: '401 400 400 400 400 400',
    json: () => ({ token: 'of nobody' }),
  },
  'GET /v1/webhooks': { demands: signedIn, answers: '401 403 403 200 200 200' },
  'POST /v1/webhooks': { demands: webhooks, answers: '401 403 403 201 201 201', json: () => webhookOf('role.changed') },
  'GET /v1/webhooks/:id': ownWebhooksOnly(''),
  'PATCH /v1/webhooks/:id': { ...ownWebhooksOnly(''), json: () => ({ enabled: false }) },
  'DELETE /v1/webhooks/:id': { ...ownWebhooksOnly(''), demands: signedIn },
  'POST /v1/webhooks/:id/rotate': ownWebhooksOnly('/rotate'),
  'POST /v1/webhooks/:id/test': ownWebhooksOnly('/test'),
  'GET /v1/webhooks/:id/deliveries': ownWebhooksOnly('/deliveries'),
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': ownWebhooksOnly(`/deliveries/${unknown}/redeliver`),
  'GET /v1/plans': { demands: '', answers: '200' },
  'GET /v1/plans/:name': { demands: '', answers: '200', path: () => '/v1/plans/free' },
  'GET /v1/features': { demands: '', answers: '200' },
  'GET /v1/features/:name': { demands: '', answers: '200', path: () => '/v1/features/api_access' },
  'GET /v1/catalogue': { demands: '', answers: '200' },
  'GET /v1/subscription': {
    demands: 'authenticated or key with payments.read, quota',
    answers: everyone,
    keys: '403 403',
  },
  'GET /v1/payments': {
    demands: 'authenticated or key with payments.read, quota',
    answers: everyone,
    keys: '403 403',
  },
  'POST /v1/billing/webhooks/:provider': { ...nowhere, path: () => '/v1/billing/webhooks/stripe' },
  'POST /v1/subscription/portal': {
    demands: signedIn,
    answers: '401 409 409 409 409 409',
    json: () => ({ returnTo: 'com.example.app:/plans' }),
  },
  'POST /v1/subscription/preview': { demands: signedIn, answers: everyone, json: () => ({ plan: 'starter' }) },
  'POST /v1/subscription': {
    demands: signedIn,
    answers: '401 200 200 409 409 409',
    json: () => ({ plan: 'starter', interval: 'month' }),
    spends: true,
  },
  'POST /v1/subscription/resume': { demands: signedIn, answers: '401 409 409 409 409 409', spends: true },
  'DELETE /v1/subscription': { demands: signedIn, answers: '401 409 409 200 200 200', spends: true },
}

const ofAdministrators: Record<string, Row> = {
  'GET /v1/admin/users': { demands: users, answers: '401 403 403 403 200 200' },
  'POST /v1/admin/users': {
    demands: `${users}, recent 600 to give a role`,
    answers: '401 403 403 403 201 201',
    json: () => ({ email: newEmail() }),
  },
  // Nobody invited the target: both are told so after they were let in.
  'POST /v1/admin/users/:id/invitation': about(users, '/invitation', 409),
  'POST /v1/admin/users/:id/password-reset': about(users, '/password-reset', 202),
  'GET /v1/admin/users/:id': about(users, '', 200, { stranger: 200 }),
  'PATCH /v1/admin/users/:id': about(users, '', 200, { json: () => ({ firstName: 'Ravi' }) }),
  'PUT /v1/admin/users/:id/role': about(`${users}, recent 600`, '/role', 200, { json: () => ({ role: 'subscriber' }) }),
  'POST /v1/admin/users/:id/lock': about(users, '/lock', 204, { json: () => ({ reason }) }),
  'POST /v1/admin/users/:id/unlock': about(users, '/unlock', 204),
  'POST /v1/admin/users/:id/revoke-sessions': about(users, '/revoke-sessions', 204),
  'PUT /v1/admin/users/:id/features/:name': about(subscriptions, '/features/sso_oauth', 200, {
    json: () => ({ granted: true, reason }),
  }),
  // The target has none: both are told so after they were let in.
  'DELETE /v1/admin/users/:id/features/:name': about(subscriptions, '/features/sso_oauth', 404),
  'GET /v1/admin/billing/events': {
    demands: subscriptions,
    answers: '401 403 403 403 200 200',
  },
  'POST /v1/admin/billing/events/:id/replay': {
    demands: subscriptions,
    answers: '401 403 403 403 404 404',
    stranger: 404,
    path: ({ accountId }) => `/v1/admin/billing/events/${accountId}/replay`,
  },
  'PUT /v1/admin/users/:id/subscription': about(subscriptions, '/subscription', 200, {
    json: () => ({ plan: 'business', reason }),
  }),
  'GET /v1/admin/users/:id/explain': about(users, '/explain?permission=profile.read', 200, { stranger: 200 }),
  'DELETE /v1/admin/users/:id/mfa': about(`${users}, recent 600`, '/mfa', 204, { json: () => ({ reason }) }),
  'GET /v1/admin/users/:id/sessions': about(users, '/sessions', 200),
  'DELETE /v1/admin/users/:id/sessions/:sid': {
    ...about(users, '', 204),
    path: ({ accountId, sessionId }) => `/v1/admin/users/${accountId}/sessions/${sessionId}`,
  },
  'GET /v1/admin/users/:id/api-keys': about(users, '/api-keys', 200),
  'GET /v1/admin/users/:id/payments': about(users, '/payments', 200),
  'GET /v1/admin/users/:id/sign-in-methods': about(users, '/sign-in-methods', 200),
  'GET /v1/admin/users/:id/team': about(users, '/team', 200),
  'DELETE /v1/admin/users/:id': about(users, '', 204),
  'GET /v1/admin/audit-logs': {
    demands: 'authenticated, permission audit.read, admin mfa',
    answers: '401 403 403 403 200 200',
  },
  'GET /v1/admin/audit-logs/state': {
    demands: 'authenticated, permission audit.read, admin mfa',
    answers: '401 403 403 403 200 200',
  },
  'GET /v1/admin/mail': superadminOnly(settings, 200),
  // Nobody's: it is told after they were let in.
  'POST /v1/admin/mail/:id/retry': superadminOnly(settings, 404, {
    stranger: 403,
    path: ({ accountId }) => `/v1/admin/mail/${accountId}/retry`,
  }),
  'GET /v1/admin/webhooks': superadminOnly(settings, 200),
  'POST /v1/admin/webhooks': superadminOnly(settings, 201, { json: () => webhookOf('account.erased') }),
  'GET /v1/admin/webhooks/:id': operatorsWebhook(''),
  'PATCH /v1/admin/webhooks/:id': { ...operatorsWebhook(''), json: () => ({ enabled: false }) },
  'DELETE /v1/admin/webhooks/:id': operatorsWebhook(''),
  'POST /v1/admin/webhooks/:id/rotate': operatorsWebhook('/rotate'),
  'POST /v1/admin/webhooks/:id/test': operatorsWebhook('/test'),
  'GET /v1/admin/webhooks/:id/deliveries': operatorsWebhook('/deliveries'),
  'POST /v1/admin/webhooks/:id/deliveries/:deliveryId/redeliver': operatorsWebhook(`/deliveries/${unknown}/redeliver`),
  'GET /v1/admin/operations': superadminOnly(settings, 200),
  'GET /v1/admin/jobs': superadminOnly(settings, 200),
  'POST /v1/admin/jobs/:name/run': superadminOnly(settings, 202, { path: () => '/v1/admin/jobs/end-expired/run' }),
  'GET /v1/admin/analytics/overview': analytics,
  'GET /v1/admin/analytics/denials': analytics,
  'GET /v1/admin/analytics/signups': analytics,
  'GET /v1/admin/analytics/revenue': analytics,
  'GET /v1/admin/analytics/payments': analytics,
  'GET /v1/admin/analytics/plans': analytics,
  'GET /v1/admin/analytics/security': analytics,
  'GET /v1/admin/subscriptions': { demands: subscriptions, answers: '401 403 403 403 200 200' },
  'GET /v1/admin/teams': { demands: subscriptions, answers: '401 403 403 403 200 200' },
  'GET /v1/admin/roles': superadminOnly(settings, 200),
  'POST /v1/admin/roles': superadminOnly(settings, 201, {
    json: ({ unique }) => ({ name: unique, description: 'Made here', privilegeLevel: 20 }),
  }),
  'GET /v1/admin/roles/:name': superadminOnly(settings, 200, { path: () => '/v1/admin/roles/user' }),
  'PATCH /v1/admin/roles/:name': superadminOnly(`${settings}, recent 600`, 200, {
    path: () => '/v1/admin/roles/guest',
    json: () => ({ description: 'Looks around quietly' }),
  }),
  'DELETE /v1/admin/roles/:name': superadminOnly(settings, 409, { path: () => '/v1/admin/roles/guest' }),
  'PUT /v1/admin/roles/:name/permissions': superadminOnly(`${settings}, recent 600`, 200, {
    path: () => '/v1/admin/roles/guest/permissions',
    json: () => ({ permissions: ['profile.read'] }),
  }),
  'GET /v1/admin/permissions': superadminOnly(settings, 200),
  'POST /v1/admin/plans': superadminOnly(features, 201, {
    json: ({ unique }) => ({ name: unique, displayName: 'Made here', tier: 900 }),
  }),
  'PATCH /v1/admin/plans/:name': superadminOnly(features, 200, {
    path: () => '/v1/admin/plans/starter',
    json: () => ({ description: 'For one person alone' }),
  }),
  'PUT /v1/admin/plans/:name/features': superadminOnly(features, 200, {
    path: () => '/v1/admin/plans/free/features',
    json: () => ({ features: [{ name: 'api_access' }] }),
  }),
  'PUT /v1/admin/plans/:name/prices': superadminOnly(features, 200, {
    path: () => '/v1/admin/plans/business/prices',
    json: () => ({
      prices: [
        { currency: 'USD', interval: 'month', amountMinor: 9999 },
        { currency: 'USD', interval: 'year', amountMinor: 99_990 },
        { currency: 'INR', interval: 'month', amountMinor: 799_900, taxInclusive: true },
      ],
    }),
  }),
  'POST /v1/admin/features': superadminOnly(features, 201, {
    json: ({ unique }) => ({ name: unique, displayName: 'Made here', category: 'platform' }),
  }),
  'PATCH /v1/admin/features/:name': superadminOnly(features, 200, {
    path: () => '/v1/admin/features/white_label',
    json: () => ({ description: 'Under your own name' }),
  }),
}

/** Every route of the service, and whom it lets in. A new route needs a line here. */
export const table: Record<string, Row> = { ...ofThePerson, ...ofAdministrators }

/** What administrators do to one account; an equal is out of an administrator's reach. */
function about(demands: string, path: string, status: number, row: Pick<Row, 'json' | 'stranger'> = {}): Row {
  return {
    demands,
    answers: `401 403 403 403 ${status} ${status}`,
    stranger: 403,
    path: ({ accountId }) => `/v1/admin/users/${accountId}${path}`,
    ...row,
  }
}

function keptMail(path: string): Row {
  return { demands: '', answers: '404', stranger: 404, path: ({ accountId }) => `/dev/mail/${accountId}${path}` }
}

/** An endpoint that nobody has: the person, or the operators. */
function ownWebhooksOnly(path: string): Row {
  return {
    demands: webhooks,
    answers: '401 403 403 404 404 404',
    stranger: 403,
    path: ({ accountId }) => `/v1/webhooks/${accountId}${path}`,
  }
}

function operatorsWebhook(path: string): Row {
  return superadminOnly(settings, 404, {
    stranger: 403,
    path: ({ accountId }) => `/v1/admin/webhooks/${accountId}${path}`,
  })
}

function superadminOnly(demands: string, status: number, row: Pick<Row, 'json' | 'path' | 'stranger'> = {}): Row {
  return { demands, answers: `401 403 403 403 403 ${status}`, ...row }
}
