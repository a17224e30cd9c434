/** The part of the problem catalogue (problems.ts) about sign-in by other providers. */
export const identityProblems = {
  'unknown-state': {
    status: 400,
    title: 'This sign-in cannot be completed',
    detail: 'It was not begun here. Go back to the app, and sign in again.',
  },
  'identity-conflict': {
    status: 409,
    title: 'This sign-in belongs to another account',
    detail: 'Sign in to that account as before; from inside, this way to sign in can be added to it.',
  },
  'too-many-identities': {
    status: 409,
    title: 'The account has as many identities as it may have',
    detail: 'Remove one that is not used any more.',
  },
  'identity-provider-unavailable': {
    status: 503,
    title: 'The provider does not answer',
    detail: 'Try again after Retry-After seconds, or sign in another way.',
  },
} as const
