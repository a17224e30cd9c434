/**
 * Examples for the reference page, which sends them unchanged: of every body, by the name of its schema, and of
 * parameters whose own schema has none. tests/openapi-examples.test.ts sends each.
 */

const password = 'seven quiet herons at dawn'
const reason = 'Asked for on the telephone'
/** Times in requests must be in the future. */
const later = '2099-12-31T23:59:59Z'

/** A browser's response, shortened: only an authenticator can make a valid one. */
const ofBrowser = (id: string) => ({ id, rawId: id, type: 'public-key' })
const passkeyResponse = {
  ...ofBrowser('mF3qPcPqT7JxQ2vR9wLkZA'),
  response: {
    clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0',
    authenticatorData: 'SZYN5Y',
    signature: 'MEUCIQ',
    userHandle: 'AY4-XG',
  },
}
const newPasskeyResponse = {
  ...ofBrowser('Yk0wZ1hvT3pWc2RfbmV3ZQ'),
  response: {
    clientDataJSON: 'eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0',
    attestationObject: 'o2NmbXRkbm9uZQ',
    transports: ['internal'],
  },
}

const webhook = { url: 'https://hooks.example.com/manas360', description: 'Our own service' }

const bodies: Record<string, object> = {
  Registration: {
    email: 'asha@example.com',
    password,
    firstName: 'Asha',
    lastName: 'Rao',
    phoneNumber: '+14155550100',
    language: 'en',
    timezone: 'Asia/Kolkata',
  },
  Login: { email: 'asha@example.com', password },
  PasskeyResponse: { challengeToken: 'the challengeToken of the options', response: passkeyResponse },
  NewPasskey: { challengeToken: 'the challengeToken of the options', response: newPasskeyResponse, name: 'Phone' },
  NewWebhook: { ...webhook, events: ['subscription.changed', 'subscription.ended'] },
  WebhookPatch: { enabled: true },
  NewOperatorsWebhook: { ...webhook, events: ['account.created', 'account.updated', 'account.erased'] },
  OperatorsWebhookPatch: { description: 'Another service' },
  TeamPatch: { name: 'Practice at the lake' },
  PasskeyPatch: { name: 'Old phone' },
  MfaTokenOnly: { mfaToken: 'the mfaToken of the answer to the password' },
  SecondStep: { mfaToken: 'the mfaToken of the answer to the password', code: '123456' },
  Reauthentication: { password },
  TotpCode: { code: '123456' },
  MfaReset: { reason: 'Lost the phone; known by the identity card' },
  Refresh: { refreshToken: 'the refreshToken of the session' },
  PasswordChange: { currentPassword: password, newPassword: 'eight loud herons at dusk' },
  AddressOnly: { email: 'asha@example.com' },
  LinkToken: { token: 'what follows #token= in the link' },
  PasswordReset: { token: 'what follows #token= in the link', newPassword: 'eight loud herons at dusk' },
  EmailChange: { newEmail: 'asha.rao@example.com', password },
  ProfileChange: { firstName: 'Asha', lastName: 'Rao', phoneNumber: null, language: 'hi-IN', timezone: 'Asia/Kolkata' },
  Erasure: { password },
  CodeExchange: {
    code: 'the code of the fragment',
    codeVerifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  },
  LinkStart: {
    returnTo: 'com.example.app:/signed-in',
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  },
  NewConsent: { document: 'terms', version: '2026-01', granted: true },
  NewApiKey: {
    name: 'Nightly report',
    permissions: ['profile.read'],
    expiresAt: later,
    ipRanges: ['203.0.113.0/24', '2001:db8::/32'],
    password,
  },
  Subscribe: { plan: 'professional', interval: 'month' },
  PortalRequest: {},
  Preview: { plan: 'professional', interval: 'year' },
  NewUser: {
    email: 'ravi@example.com',
    firstName: 'Ravi',
    lastName: 'Menon',
    language: 'hi',
    role: 'admin',
    plan: 'professional',
  },
  Acceptance: { token: 'what follows #token= in the link', password },
  RoleChange: { role: 'admin' },
  Lock: { reason: 'Sends spam' },
  Override: { granted: true, limit: 5, expiresAt: later, reason },
  SubscriptionGrant: { plan: 'professional', endsAt: later, reason },
  NewRole: { name: 'support', description: 'Helps people', privilegeLevel: 40, permissions: ['users.manage'] },
  RoleEdit: { description: 'Helps people with their accounts', privilegeLevel: 45 },
  RolePermissions: { permissions: ['profile.read', 'users.manage'] },
  NewPlan: {
    name: 'clinic',
    displayName: 'Clinic',
    tier: 60,
    description: 'For a small clinic',
    priceMonthlyMinor: 4999,
    priceYearlyMinor: 49990,
    currency: 'USD',
    trialDays: 14,
    maxUsers: 20,
    maxApiRequestsPerMonth: 200000,
    apiRequestsPerMinute: 600,
  },
  PlanEdit: { displayName: 'Professional', trialDays: 30, featured: true },
  PlanPrices: {
    prices: [
      { currency: 'USD', interval: 'month', amountMinor: 2999 },
      { currency: 'USD', interval: 'year', amountMinor: 29_990 },
      { currency: 'INR', interval: 'month', amountMinor: 199_900, taxInclusive: true },
    ],
  },
  PlanFeatures: { features: [{ name: 'premium_dashboard' }, { name: 'data_export', limit: 10 }] },
  NewFeature: { name: 'telehealth', displayName: 'Telehealth', description: 'Visits by video', category: 'care' },
  FeatureEdit: { displayName: 'Premium dashboard', description: 'Insights over 30 days' },
}

/** Examples by the beginning of a path and the name of a parameter; the first match counts. */
const parameters: [string, string, string][] = [
  ['/v1/plans/', 'name', 'professional'],
  ['/v1/admin/plans/', 'name', 'professional'],
  ['/v1/admin/roles/', 'name', 'support'],
  ['/v1/admin/jobs/', 'name', 'end-expired'],
  ['/v1/billing/', 'provider', 'sandbox'],
  ['/v1/admin/billing/', 'provider', 'sandbox'],
  ['/v1/', 'provider', 'google'],
  ['/v1/', 'feature', 'premium_dashboard'],
  ['/v1/', 'plan', 'professional'],
  ['/v1/', 'role', 'admin'],
]

type Operation = {
  parameters?: { name: string; example?: unknown }[]
  requestBody?: { content: Record<string, { schema: { $ref?: string }; example?: unknown }> }
}

/** Adds the examples of its body and parameters to an operation. */
export function addExamples(path: string, operation: Operation): void {
  for (const parameter of operation.parameters ?? []) {
    const found = parameters.find(([start, name]) => path.startsWith(start) && name === parameter.name)
    if (found) parameter.example = found[2]
  }
  for (const media of Object.values(operation.requestBody?.content ?? {})) {
    const name = media.schema.$ref?.split('/').at(-1) ?? ''
    if (Object.hasOwn(bodies, name)) media.example = bodies[name]
  }
}
