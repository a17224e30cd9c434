/** What only signing in more strongly leads to; part of the problem catalogue. */
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
} as const
