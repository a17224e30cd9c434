import { demand, memberOf, type Step } from './step.ts'
import { team } from './team.ts'

/**
 * A superadmin invites a colleague, who sets a password by the mail, has role and plan at once, and shares the plan.
 */
export const invitation: Step[] = [
  {
    title: 'Invite a colleague',
    text: 'Role and plan are judged now, and again when she accepts. Until then nobody logs in: the account has no password.',
    run: {
      method: 'POST',
      path: '/v1/admin/users',
      as: 'ROOT',
      body: { email: '$MIRA_EMAIL', firstName: 'Mira', role: 'admin', plan: 'professional' },
    },
    expect: { status: 201 },
    keep: { MIRA_ID: 'id' },
    check({ body }) {
      demand(memberOf(body, 'plan.name') === 'free', 'the free plan until then')
      return `status ${body.status}`
    },
  },
  {
    title: 'The mail of the invitation',
    text: 'It works for 7 days, and leads to a page that asks for a password.',
    run: { mailTo: '$MIRA_EMAIL', page: 'accept-invitation', token: 'INVITATION' },
  },
  {
    title: 'Accept it',
    text: 'The address counts as verified, the plan begins, and a session is opened.',
    run: {
      method: 'POST',
      path: '/v1/auth/invitation/accept',
      body: { token: '$INVITATION', password: '$PASSWORD' },
    },
    expect: { status: 200 },
    keep: { MIRA: 'accessToken' },
    check({ body }) {
      demand(memberOf(body, 'user.emailVerified') === true, 'a verified address')
      return `role ${memberOf(body, 'user.role')}, plan ${memberOf(body, 'user.plan.name')}`
    },
  },
  {
    title: 'The link works once',
    text: 'Used, expired and void links are answered alike.',
    run: {
      method: 'POST',
      path: '/v1/auth/invitation/accept',
      body: { token: '$INVITATION', password: '$PASSWORD' },
    },
    expect: { status: 400, code: 'invalid-link' },
  },
  ...team,
  {
    title: 'Erase Mira',
    text: 'The throw-away account goes.',
    run: { method: 'DELETE', path: '/v1/admin/users/$MIRA_ID', as: 'ROOT' },
    expect: { status: 204 },
  },
]
