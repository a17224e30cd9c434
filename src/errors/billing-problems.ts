/** The part of the problem catalogue (problems.ts) about payments. */
export const billingProblems = {
  'invalid-signature': {
    status: 400,
    title: 'The signature is not right',
    detail: 'It was not made with the secret of this endpoint, or too long ago. Check the webhook secret.',
  },
  'currency-mismatch': {
    status: 409,
    title: 'The subscription is paid in another currency',
    detail: 'It goes on in its own currency. Cancel it, and subscribe anew once it has ended.',
  },
  'not-supported-by-provider': {
    status: 409,
    title: 'The payment provider cannot do this',
    detail: 'It was not done, and will not be: the way that this subscription is paid does not allow it.',
  },
  'payment-provider-unavailable': {
    status: 503,
    title: 'The payment provider does not answer',
    detail:
      'What you wanted is kept, and done as soon as it answers. Look at the subscription after Retry-After seconds.',
  },
} as const
