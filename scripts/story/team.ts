import { demand, listOf, memberOf, type Step } from './step.ts'

const insights: Step['run'] = { method: 'GET', path: '/v1/dashboard/insights', as: 'TARA' }

/** Mira shares her plan: a person whom she invites by mail has it from the next request on, while they are a member. */
export const team: Step[] = [
  {
    title: 'Name a team',
    text: 'Whoever has `team_collaboration` owns one team, and holds one of its seats.',
    run: { method: 'PATCH', path: '/v1/team', as: 'MIRA', body: { name: 'Practice at the lake' } },
    expect: { status: 200 },
    check({ body }) {
      demand(body.role === 'owner' && body.active === true, 'a team of her own')
      return `seats ${memberOf(body, 'seats.used')} of ${memberOf(body, 'seats.limit')}`
    },
  },
  {
    title: 'Tara registers',
    text: 'On the free plan.',
    run: {
      method: 'POST',
      path: '/v1/auth/register',
      body: { email: '$TARA_EMAIL', password: '$PASSWORD', firstName: 'Tara' },
    },
    expect: { status: 201 },
    keep: { TARA: 'accessToken', TARA_ID: 'user.id' },
  },
  {
    title: 'The mail that verifies her address',
    text: 'Only a verified address joins a team.',
    run: { mailTo: '$TARA_EMAIL', page: 'verify-email', token: 'TARA_VERIFY' },
  },
  {
    title: 'Verify it',
    text: 'The token counts, whoever sends it.',
    run: { method: 'POST', path: '/v1/auth/email/verify', body: { token: '$TARA_VERIFY' } },
    expect: { status: 204 },
  },
  {
    title: 'Invite her to the team',
    text: 'The answer is the same, whether or not the address has an account.',
    run: { method: 'POST', path: '/v1/team/invitations', as: 'MIRA', body: { email: '$TARA_EMAIL' } },
    expect: { status: 202 },
  },
  {
    title: 'The mail of the team',
    text: 'It works for 7 days, and leads to a page that asks her to sign in.',
    run: { mailTo: '$TARA_EMAIL', page: 'accept-team', token: 'TEAM_LINK' },
  },
  {
    title: 'Join the team',
    text: 'The plan of its owner is hers now.',
    run: { method: 'POST', path: '/v1/team/accept', as: 'TARA', body: { token: '$TEAM_LINK' } },
    expect: { status: 204 },
  },
  {
    title: 'Her token of before has the plan',
    text: 'The rights are those of the account as it is; `Authz-Refresh` asks for a new token at leisure.',
    run: insights,
    expect: { status: 200 },
    check({ headers }) {
      demand(headers.has('authz-refresh'), 'Authz-Refresh')
      return 'by the plan of the team'
    },
  },
  {
    title: 'Who is in the team',
    text: 'Its owner sees addresses, nobody else does.',
    run: { method: 'GET', path: '/v1/team/members', as: 'MIRA' },
    expect: { status: 200 },
    check: ({ body }) => `${listOf(body, 'items').length} people`,
  },
  {
    title: 'Leave the team',
    text: 'The owner may remove anybody; everybody may go.',
    run: { method: 'DELETE', path: '/v1/team/members/$TARA_ID', as: 'TARA' },
    expect: { status: 204 },
  },
  {
    title: 'And the plan is gone',
    text: 'With the next request.',
    run: insights,
    expect: { status: 403, code: 'feature-not-in-plan' },
  },
  {
    title: 'Erase Tara',
    text: 'The throw-away account goes.',
    run: { method: 'DELETE', path: '/v1/me', as: 'TARA', body: { password: '$PASSWORD' } },
    expect: { status: 204 },
  },
]
