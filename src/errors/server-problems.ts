/** The part of the problem catalogue (problems.ts) about failures on our side: 5xx. */
export const serverProblems = {
  'internal-error': {
    status: 500,
    title: 'Something went wrong on our side',
    detail: 'Try again; if it persists, report the requestId to support.',
  },
  'service-unavailable': {
    status: 503,
    title: 'The service is not available',
    detail: 'Try again after Retry-After seconds.',
  },
  'database-unavailable': {
    status: 503,
    title: 'The database cannot be reached',
    detail:
      'A change that was under way may have been made: look before repeating it, or send an Idempotency-Key. Try again after Retry-After seconds.',
  },
  overloaded: {
    status: 503,
    title: 'The service is busy',
    detail: 'More work is waiting than can be done in time. Try again after Retry-After seconds.',
  },
  'authorisation-stale': {
    status: 503,
    title: 'Authorisation may be out of date',
    detail:
      'Changes of rights could not be read for 10 seconds, so administration is paused. Try again after Retry-After seconds.',
  },
  'mail-unavailable': { status: 503, title: 'No mail is sent here', detail: 'That needs a mail. Contact support.' },
  'deadline-exceeded': {
    status: 504,
    title: 'The request took too long',
    detail: 'It was given up at its deadline; a change may still have been made. Look, then try again.',
  },
} as const
