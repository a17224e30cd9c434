import { demand, listOf, memberOf, type Step } from './step.ts'

const credentials = { email: '$EMAIL', password: '$PASSWORD' }

/** A person registers, is denied, refreshes, has a reused token refused, and logs out. */
export const person: Step[] = [
  {
    title: 'Register',
    text: 'One transaction opens the account on the free plan and its first session, and writes the audit trail.',
    run: { method: 'POST', path: '/v1/auth/register', body: { ...credentials, firstName: 'Asha' } },
    expect: { status: 201 },
    keep: { ASHA: 'user.id' },
    check: ({ body }) => `on plan ${memberOf(body, 'user.plan.name')}`,
  },
  {
    title: 'Log in',
    text: 'The same body as registering: every plan logs in, free and lapsed ones too. The access token lives for 15 minutes; the refresh token brings the next one.',
    run: { method: 'POST', path: '/v1/auth/login', body: credentials },
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken', REFRESH: 'refreshToken' },
  },
  {
    title: 'A gated route is denied, with the plan that unlocks it',
    text: '`premium_dashboard` is a feature that the free plan does not have. The denial names the cheapest plan that has it.',
    run: { method: 'GET', path: '/v1/dashboard/insights', as: 'ACCESS' },
    expect: { status: 403, code: 'feature-not-in-plan' },
    check: ({ body }) => `upgrade to ${memberOf(body, 'upgrade.plan')}`,
  },
  {
    title: 'Entitlements',
    text: 'What this person may do, and what is used of the month’s quota.',
    run: { method: 'GET', path: '/v1/me/entitlements', as: 'ACCESS' },
    expect: { status: 200 },
    check({ body }) {
      const features = listOf(body, 'features')
      demand(features.length > 0 && !features.includes('premium_dashboard'), 'features without premium_dashboard')
      return `plan ${body.plan}, role ${body.role}, features ${features.join(', ')}`
    },
  },
  {
    title: 'Refresh',
    text: 'Each refresh token is good once, and brings its successor.',
    run: { method: 'POST', path: '/v1/auth/refresh', body: { refreshToken: '$REFRESH' } },
    expect: { status: 200 },
    keep: { REFRESH2: 'refreshToken' },
    check: ({ body }, { REFRESH }) => {
      demand(body.refreshToken !== REFRESH, 'a new refresh token')
      return 'a new pair of tokens'
    },
  },
  {
    title: 'Refresh again',
    text: 'With the new token. The first one is now two generations old.',
    run: { method: 'POST', path: '/v1/auth/refresh', body: { refreshToken: '$REFRESH2' } },
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Reuse is refused',
    text: 'Only a copy would present the first token now, so the whole session ends, for thief and owner alike.',
    run: { method: 'POST', path: '/v1/auth/refresh', body: { refreshToken: '$REFRESH' } },
    expect: { status: 401, code: 'refresh-token-reused' },
  },
  {
    title: 'The session is over',
    text: 'Its newest access token is refused too.',
    run: { method: 'GET', path: '/v1/me', as: 'ACCESS' },
    expect: { status: 401, code: 'session-revoked' },
  },
  {
    title: 'Log in once more',
    text: 'The person is asked for the password again, and gets a new session.',
    run: { method: 'POST', path: '/v1/auth/login', body: credentials },
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Log out',
    text: 'Ends this session.',
    run: { method: 'POST', path: '/v1/auth/logout', as: 'ACCESS' },
    expect: { status: 204 },
  },
  {
    title: 'The old access token is refused',
    text: 'It would have lived another 15 minutes; the very next request is refused all the same.',
    run: { method: 'GET', path: '/v1/me', as: 'ACCESS' },
    expect: { status: 401, code: 'session-revoked' },
  },
]
