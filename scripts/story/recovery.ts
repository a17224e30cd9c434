import type { Step } from './step.ts'

/**
 * Recovery by mails that development stores: an address is verified, a password reset, an address changed and restored.
 */
export const recovery: Step[] = [
  {
    title: 'The mail of the registration',
    text: 'Registering mailed a link. In development nothing is sent: `/dev/mail` shows every mail, to this machine alone. The token stands behind the `#`, which no browser sends; the page that the link leads to posts it.',
    run: { mailTo: '$EMAIL', page: 'verify-email', token: 'VERIFICATION' },
  },
  {
    title: 'Verify the address',
    text: 'Each link works once.',
    run: { method: 'POST', path: '/v1/auth/email/verify', body: { token: '$VERIFICATION' } },
    expect: { status: 204 },
  },
  {
    title: 'Log in, to see that session end',
    text: 'Another session of the same person.',
    run: { method: 'POST', path: '/v1/auth/login', body: { email: '$EMAIL', password: '$PASSWORD' } },
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken' },
    check: ({ body }) => `emailVerified ${(body.user as { emailVerified?: boolean }).emailVerified}`,
  },
  {
    title: 'Forget the password',
    text: 'The answer is the same for an address that nobody has.',
    run: { method: 'POST', path: '/v1/auth/password/forgot', body: { email: '$EMAIL' } },
    expect: { status: 202 },
  },
  {
    title: 'The link for a new one',
    text: 'It works for an hour.',
    run: { mailTo: '$EMAIL', page: 'reset-password', token: 'RESET' },
  },
  {
    title: 'Choose another',
    text: 'Every session and API key ends with the old password.',
    run: { method: 'POST', path: '/v1/auth/password/reset', body: { token: '$RESET', newPassword: '$OTHER_PASSWORD' } },
    expect: { status: 204 },
  },
  {
    title: 'The old session is refused',
    text: 'From the very next request on.',
    run: { method: 'GET', path: '/v1/me', as: 'ACCESS' },
    expect: { status: 401, code: 'session-revoked' },
  },
  {
    title: 'Log in with the new password',
    text: 'A device that is not known any more: the person is told by mail.',
    run: { method: 'POST', path: '/v1/auth/login', body: { email: '$EMAIL', password: '$OTHER_PASSWORD' } },
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Ask for another address',
    text: 'A link goes there, and the old address is told. It takes the password: a session alone moves no address.',
    run: {
      method: 'POST',
      path: '/v1/me/email',
      as: 'ACCESS',
      body: { newEmail: '$NEW_EMAIL', password: '$OTHER_PASSWORD' },
    },
    expect: { status: 202 },
  },
  {
    title: 'The link to the new address',
    text: 'Until it is followed, nothing has changed.',
    run: { mailTo: '$NEW_EMAIL', page: 'confirm-email', token: 'CONFIRMATION' },
  },
  {
    title: 'Confirm it',
    text: 'The address is changed, and the old one gets a link that undoes it for 7 days.',
    run: { method: 'POST', path: '/v1/auth/email/confirm-change', body: { token: '$CONFIRMATION' } },
    expect: { status: 204 },
  },
  {
    title: 'The link to the old address',
    text: 'For somebody whose account was taken over.',
    run: { mailTo: '$EMAIL', page: 'undo-email', token: 'UNDO' },
  },
  {
    title: 'Undo the change',
    text: 'The old address is back. The password and API keys are gone, every session ends, and a link for a new password goes to the old address.',
    run: { method: 'POST', path: '/v1/auth/email/undo-change', body: { token: '$UNDO' } },
    expect: { status: 204 },
  },
  {
    title: 'Whoever changed it is out',
    text: 'Their session has ended.',
    run: { method: 'GET', path: '/v1/me', as: 'ACCESS' },
    expect: { status: 401, code: 'session-revoked' },
  },
  {
    title: 'The last link',
    text: 'The newest mail of its kind.',
    run: { mailTo: '$EMAIL', page: 'reset-password', token: 'RESET' },
  },
  {
    title: 'Choose a password again',
    text: 'The person has the account back.',
    run: { method: 'POST', path: '/v1/auth/password/reset', body: { token: '$RESET', newPassword: '$PASSWORD' } },
    expect: { status: 204 },
  },
]
