/** The part of the problem catalogue (problems.ts) about second factors and recent sign-ins. */
export const signInProblems = {
  'mfa-required': {
    status: 401,
    title: 'A second factor is required',
    detail:
      'Show a second factor or a passkey at POST /v1/auth/reauthenticate, and repeat the request with the token that it answers. Who has none yet sets one up at /v1/me/mfa.',
  },
  'reauthentication-required': {
    status: 401,
    title: 'The sign-in is not recent enough',
    detail:
      'Show once more who you are at POST /v1/auth/reauthenticate, and repeat the request with the token that it answers.',
  },
  'invalid-code': {
    status: 401,
    title: 'The code is not right',
    detail:
      'It is wrong, was used before, or is too old. Wait for the next code of the authenticator app; a sign-in by another provider begins again.',
  },
  'invalid-mfa-token': {
    status: 401,
    title: 'The mfaToken is spent or void',
    detail: 'It is good for five minutes, five tries and one sign-in. Begin to sign in again.',
  },
  'no-second-factor': {
    status: 409,
    title: 'The account has no second factor',
    detail: 'Add an authenticator app or a passkey first.',
  },
} as const
