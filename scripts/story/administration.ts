import { login, secondFactor } from './sign-in-steps.ts'
import { demand, listOf, memberOf, type Step } from './step.ts'

const asha = '/v1/admin/users/$ASHA'
/** Administration: a superadmin promotes a colleague, who locks, grants, overrides and reads the audit trail. */
export const administration: Step[] = [
  {
    title: 'Make a superadmin',
    text: 'No account is seeded: the first superadmin comes from the command line, on the database of the running server.',
    run: { args: ['create-admin', '--email', '$ROOT_EMAIL', '--password-stdin'], input: '$PASSWORD' },
    expect: { output: /^Superadmin \S+ is ready\.$/m },
  },
  {
    title: 'The superadmin logs in',
    text: 'Like everybody else. Sessions of administrators last 12 hours at most.',
    run: login('$ROOT_EMAIL'),
    expect: { status: 200 },
    keep: { ROOT: 'accessToken', ROOT_REFRESH: 'refreshToken', ROOT_ID: 'user.id' },
  },
  ...secondFactor('ROOT', [
    'Set up a second factor',
    'The authenticator app shows a code',
    'Confirm it',
    'The session is a stronger one',
  ]),
  {
    title: 'Logging in asks for it',
    text: 'The right password opens no session any more. `POST /v1/auth/mfa` takes `mfaToken` with a code.',
    run: login('$ROOT_EMAIL'),
    expect: { status: 202 },
    check({ body }) {
      demand(body.status === 'mfa-required', 'mfa-required')
      return `${body.methods}`
    },
    keep: { ROOT_MFA: 'mfaToken' },
  },
  {
    title: 'The next code',
    text: 'The first one was used. An app shows the next within half a minute; a code is good one step early, too.',
    run: { secretIn: 'ROOT_SECRET', stepsAhead: 1, code: 'ROOT_CODE' },
  },
  {
    title: 'The second step',
    text: 'Token and code together open the session. Each is good once.',
    run: { method: 'POST', path: '/v1/auth/mfa', body: { mfaToken: '$ROOT_MFA', code: '$ROOT_CODE' } },
    expect: { status: 200 },
    keep: { ROOT: 'accessToken' },
  },
  {
    title: 'Prove it once more',
    text: 'What wants a recent sign-in answers 401 `reauthentication-required` ten minutes later. A password, a code or a passkey then brings a token that says that it was just now.',
    run: { method: 'POST', path: '/v1/auth/reauthenticate', as: 'ROOT', body: { password: '$PASSWORD' } },
    expect: { status: 200 },
    keep: { ROOT: 'accessToken' },
  },
  {
    title: 'A colleague registers',
    text: 'Ravi is a user like any other, so far.',
    run: { method: 'POST', path: '/v1/auth/register', body: { email: '$RAVI_EMAIL', password: '$PASSWORD' } },
    expect: { status: 201 },
    keep: { RAVI: 'accessToken', RAVI_REFRESH: 'refreshToken', RAVI_ID: 'user.id' },
  },
  ...secondFactor('RAVI', [
    'He sets up a second factor, too',
    'His app shows a code',
    'He confirms it',
    'His session is a stronger one',
  ]),
  {
    title: 'Promote',
    text: 'Only somebody of a higher level may, and nobody promotes themselves.',
    run: { method: 'PUT', path: '/v1/admin/users/$RAVI_ID/role', as: 'ROOT', body: { role: 'admin' } },
    expect: { status: 200 },
    check: ({ body }) => `role ${body.role}`,
  },
  {
    title: 'The promotion counts at once',
    text: 'Ravi searches with the token from before it. `Authz-Refresh: 1` says that a fresh token would tell more.',
    run: { method: 'GET', path: '/v1/admin/users?q=$EMAIL', as: 'RAVI' },
    expect: { status: 200 },
    check({ body, headers }, { ASHA }) {
      demand(memberOf(body, 'items.0.id') === ASHA, 'the person who was searched for')
      return `Authz-Refresh: ${headers.get('authz-refresh')}`
    },
  },
  {
    title: 'Lock',
    text: 'Ends every session of Asha’s.',
    run: { method: 'POST', path: `${asha}/lock`, as: 'RAVI', body: { reason: 'reported as stolen' } },
    expect: { status: 204 },
  },
  {
    title: 'Nobody logs in to a locked account',
    text: 'The right password is answered like a wrong one.',
    run: login('$EMAIL'),
    expect: { status: 401, code: 'invalid-credentials' },
  },
  {
    title: 'Unlock',
    text: 'The lock ends; the sessions stay ended.',
    run: { method: 'POST', path: `${asha}/unlock`, as: 'RAVI' },
    expect: { status: 204 },
  },
  {
    title: 'Asha logs in',
    text: 'Still on the free plan.',
    run: login('$EMAIL'),
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Grant a plan',
    text: 'By hand, with a reason. Without an end it lasts until it is changed.',
    run: {
      method: 'PUT',
      path: `${asha}/subscription`,
      as: 'RAVI',
      body: { plan: 'professional', reason: 'takes part in the study' },
    },
    expect: { status: 200 },
    check: ({ body }) => `plan ${memberOf(body, 'plan.name')}`,
  },
  {
    title: 'The gated route is open now',
    text: 'With the access token from before the grant.',
    run: { method: 'GET', path: '/v1/dashboard/insights', as: 'ACCESS' },
    expect: { status: 200 },
  },
  {
    title: 'An override',
    text: '`audit_logs` belongs to dearer plans. An override gives it to Asha alone, until a moment that is named.',
    run: {
      method: 'PUT',
      path: `${asha}/features/audit_logs`,
      as: 'RAVI',
      body: { granted: true, expiresAt: '2099-01-01T00:00:00Z', reason: 'asked for it' },
    },
    expect: { status: 200 },
  },
  {
    title: 'What the override opens',
    text: 'Asha’s own trail, the newest three lines of it.',
    run: { method: 'GET', path: '/v1/me/audit-logs?limit=3', as: 'ACCESS' },
    expect: { status: 200 },
  },
  {
    title: 'Explain',
    text: 'Why somebody may, or may not: each link that grants or refuses.',
    run: { method: 'GET', path: `${asha}/explain?feature=audit_logs`, as: 'RAVI' },
    expect: { status: 200 },
    check({ body }) {
      const kinds = listOf(body, 'chain').map((link) => memberOf(link, 'kind'))
      demand(body.granted === true && kinds.includes('override'), 'granted, with an override in the chain')
      return kinds.join(' → ')
    },
  },
  {
    title: 'The audit trail of it all',
    text: 'What was done to this account, newest first, by whom, and why. That Ravi reads it here is a line of the trail too.',
    run: { method: 'GET', path: '/v1/admin/audit-logs?resource=account:$ASHA', as: 'RAVI' },
    expect: { status: 200 },
    check({ body }) {
      const done = [
        'account.create',
        'account.lock',
        'account.unlock',
        'subscription.grant',
        'feature.grant',
        'account.explain',
      ]
      const actions = listOf(body, 'items').map((item) => `${memberOf(item, 'action')}`)
      // Where the instance shows mails, changes of addresses and passwords come in between.
      const others = actions.filter((action) => !/^(?:email|password)\./.test(action)).toReversed()
      demand(`${others}` === `${done}`, `${done}, not ${others}`)
      return done.join(', ')
    },
  },
  {
    title: 'Verify',
    text: 'Every row is signed, and sealed in order: an edit, a deletion or a cut would be named here.',
    run: { args: ['audit', 'verify'] },
    expect: { output: /^The audit trail is whole: \d+ rows in \d+ checkpoints, \d+ not sealed yet\.$/ },
  },
  {
    title: 'Erase Ravi',
    text: 'Sessions, keys and profile go; the address is free again; the trail still verifies.',
    run: { method: 'DELETE', path: '/v1/admin/users/$RAVI_ID', as: 'ROOT' },
    expect: { status: 204 },
  },
  {
    title: 'Asha erases her own account',
    text: 'With the password once more, so that a borrowed phone cannot.',
    run: { method: 'DELETE', path: '/v1/me', as: 'ACCESS', body: { password: '$PASSWORD' } },
    expect: { status: 204 },
  },
]
