/** The part of the problem catalogue (problems.ts) about passkeys and other sign-in methods. */
export const passkeyProblems = {
  'invalid-passkey': {
    status: 401,
    title: 'The passkey does not open this',
    detail: 'Ask for new options and try again, or sign in another way. A challenge is good once, for 5 minutes.',
  },
  'too-many-passkeys': {
    status: 409,
    title: 'The account has as many passkeys as it may have',
    detail: 'Remove one that is not used any more.',
  },
  'last-sign-in-method': {
    status: 409,
    title: 'The last way to sign in must stay',
    detail: 'Add another way first: a password, a passkey, or an account of another provider.',
  },
} as const
