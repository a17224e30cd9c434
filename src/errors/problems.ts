import { billingProblems } from './billing-problems.ts'
import { identityProblems } from './identity-problems.ts'
import { mailProblems } from './mail-problems.ts'
import { passkeyProblems } from './passkey-problems.ts'

import { serverProblems } from './server-problems.ts'
import { signInProblems } from './sign-in-problems.ts'
import { teamProblems } from './team-problems.ts'
import { webhookProblems } from './webhook-problems.ts'

/**
 * The problem catalogue (RFC 9457): every code that this service answers, with its status, title and one sentence of
 * advice. To add an error, add a line. No other code has a status number.
 */
export const problems = {
  ...mailProblems,
  ...passkeyProblems,
  ...billingProblems,
  ...identityProblems,
  ...teamProblems,
  ...webhookProblems,
  'malformed-json': { status: 400, title: 'The body is not JSON', detail: 'Send one JSON value, encoded as UTF-8.' },
  'bad-request': {
    status: 400,
    title: 'The request is malformed',
    detail: 'The request line, its headers or its framing are not acceptable.',
  },
  'authentication-required': {
    status: 401,
    title: 'Authentication is required',
    detail: 'Send an access token: "Authorization: Bearer <token>".',
  },
  'invalid-token': {
    status: 401,
    title: 'The access token is not valid',
    detail: 'Log in again, or refresh, and send the new access token.',
  },
  'token-expired': {
    status: 401,
    title: 'The access token has expired',
    detail: 'Send the refresh token to POST /v1/auth/refresh and repeat the request with the new access token.',
  },
  'session-revoked': { status: 401, title: 'The session has ended', detail: 'Log in again.' },
  'account-disabled': {
    status: 401,
    title: 'The account is disabled',
    detail: 'The account was locked or deleted. Contact support.',
  },
  'invalid-credentials': {
    status: 401,
    title: 'The credentials are not right',
    detail: 'Check the e-mail address and the password.',
  },
  'invalid-refresh-token': {
    status: 401,
    title: 'The refresh token is not valid',
    detail: 'It is malformed, expired, or its session has ended. Log in again.',
  },
  'refresh-token-reused': {
    status: 401,
    title: 'The refresh token was already used',
    detail: 'A replaced token was presented, so the session was revoked for safety. Log in again.',
  },
  'subscription-required': {
    status: 402,
    title: 'A subscription is required',
    detail: 'Start a trial or subscribe to a plan. GET /v1/plans lists them.',
  },
  'api-key-not-allowed': {
    status: 403,
    title: 'An API key may not do this',
    detail: 'Sign in: an API key reads what its permissions open, from where it may be used, and changes nothing.',
  },
  'permission-denied': {
    status: 403,
    title: 'A permission is missing',
    detail: 'The account does not hold the permissions in requiredPermissions.',
  },
  'privilege-too-low': {
    status: 403,
    title: 'The privilege level is too low',
    detail: 'This needs a role of a higher privilege level.',
  },
  'privilege-escalation': {
    status: 403,
    title: 'That is above your own privilege',
    detail:
      'You may act only on accounts and roles strictly below your own level, never on yourself, and grant only permissions that you hold.',
  },
  'role-not-allowed': { status: 403, title: 'The role is not allowed here', detail: 'It is open to other roles.' },
  'feature-not-in-plan': {
    status: 403,
    title: 'The plan does not include this feature',
    detail: 'upgrade names the cheapest plan that includes what is missing.',
  },
  'tier-too-low': {
    status: 403,
    title: "The plan's tier is too low",
    detail: 'upgrade names the cheapest plan of the required tier.',
  },
  'not-found': { status: 404, title: 'Not found', detail: 'There is nothing here, or nothing that you may see.' },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    detail: 'The Allow header lists the methods of this path.',
  },
  'already-exists': { status: 409, title: 'It already exists', detail: 'Another one has the same value in field.' },
  'email-taken': {
    status: 409,
    title: 'An account with this e-mail address exists',
    detail: 'Log in instead, or register with another address.',
  },
  'changed-meanwhile': {
    status: 412,
    title: 'Somebody else changed it meanwhile',
    detail: 'It is not what If-Match names. Read it again, and repeat the change if it is still wanted.',
  },
  'in-use': {
    status: 409,
    title: 'It is in use',
    detail: 'Accounts or plans still refer to it. Move them first, or retire it.',
  },
  seeded: { status: 409, title: 'It belongs to the service', detail: 'What is seeded keeps its name and its level.' },
  'too-many-api-keys': {
    status: 409,
    title: 'The account has as many API keys as it may have',
    detail: 'Delete one that is not used any more.',
  },
  'last-superadmin': { status: 409, title: 'The last superadmin must stay', detail: 'Make another superadmin first.' },
  'demote-first': {
    status: 409,
    title: 'An administrator must be demoted first',
    detail: 'Another administrator has to take the role away; then the account can be erased.',
  },
  'already-subscribed': { status: 409, title: 'This plan is already in force', detail: 'Nothing was changed.' },
  'nothing-to-cancel': {
    status: 409,
    title: 'There is nothing to cancel, or to take back',
    detail: 'The subscription is free, or already ends with its period.',
  },
  'checkout-unavailable': {
    status: 409,
    title: 'This plan cannot be bought here',
    detail: 'Contact us: the plan is by quote, its trial was used, or no payment provider is set up.',
  },
  'not-invited': {
    status: 409,
    title: 'The account is not waiting for its invitation to be accepted',
    detail: 'It was accepted before, or was never invited.',
  },
  'mail-not-retryable': { status: 409, title: 'The mail cannot be sent again', detail: 'It was sent, or is not kept.' },
  'idempotency-key-in-use': {
    status: 409,
    title: 'The first request with this key is still at work',
    detail: 'Repeat the request a little later.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The idempotency key was used with another body',
    detail: 'Use a fresh Idempotency-Key for a different request.',
  },
  'cursor-expired': {
    status: 410,
    title: 'The cursor has expired',
    detail: 'Changes after it are not kept any more. Begin again without one, and forget what was derived from it.',
  },
  'payload-too-large': { status: 413, title: 'The body is too large', detail: 'Send at most 64 KiB.' },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type is not supported',
    detail: 'Send the body as "Content-Type: application/json" in UTF-8, without a content encoding.',
  },
  'validation-failed': {
    status: 422,
    title: 'The input is not valid',
    detail: 'errors names each value that was refused and why.',
  },
  'invalid-cursor': {
    status: 422,
    title: 'The cursor is not valid',
    detail: 'Pass nextCursor of the previous page unchanged, or none to begin at the first page.',
  },
  'rate-limited': { status: 429, title: 'Too many requests', detail: 'Wait for Retry-After seconds, then try again.' },
  'quota-exceeded': { status: 429, title: 'The monthly quota is used up', detail: 'See resetsAt and upgrade.' },
  'account-locked': {
    status: 429,
    title: 'Too many failed attempts',
    detail: 'Log-in with this e-mail address is paused. Wait for Retry-After seconds, then try again.',
  },
  ...signInProblems,
  ...serverProblems,
} as const satisfies Record<string, { status: number; title: string; detail: string }>

export type ProblemCode = keyof typeof problems
