/** The part of the problem catalogue (problems.ts) about mails and the links in them. */
export const mailProblems = {
  'invalid-link': {
    status: 400,
    title: 'The link does not work',
    detail: 'It was used, has expired, or was replaced by something later. Ask for a new one.',
  },
  'email-not-verified': {
    status: 403,
    title: 'The e-mail address is not verified',
    detail: 'Open the link in the mail that you got when you registered, or ask for a new one.',
  },
} as const
