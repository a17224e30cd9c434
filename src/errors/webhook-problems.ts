/** The part of the problem catalogue (problems.ts) about endpoints of webhooks. */
export const webhookProblems = {
  'too-many-webhooks': {
    status: 409,
    title: 'There are as many webhook endpoints as there may be',
    detail: 'Delete one that is not used any more.',
  },
  'webhook-disabled': {
    status: 409,
    title: 'The endpoint is disabled',
    detail: 'Enable it first: PATCH it with {"enabled":true}.',
  },
  'too-many-deliveries': {
    status: 409,
    title: 'Too many messages wait for the endpoint',
    detail: 'They are sent first; ask again later.',
  },
} as const
