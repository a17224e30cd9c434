import type { ProblemCode, problems } from '../../errors/app-error.ts'

type Status = (typeof problems)[ProblemCode]['status']

/** Text for all codes of a status: its name in RFC 9110 (6585 for 429), its meaning, and whether to retry. */
export const statuses: Record<Status, { name: string; meaning: string; action: string }> = {
  400: {
    name: 'Bad Request',
    meaning: 'The server could not make sense of the request, and did nothing.',
    action: 'Repeating it unchanged will not help: correct how the client builds the request.',
  },
  401: {
    name: 'Unauthorized',
    meaning: 'The server does not know who is asking: credentials are absent, or not valid any more.',
    action: 'Repeat the request with valid credentials. The header WWW-Authenticate says what is expected.',
  },
  402: {
    name: 'Payment Required',
    meaning: 'The account is known, but this needs a subscription that it does not have.',
    action: 'Repeat the request once the subscription has begun.',
  },
  403: {
    name: 'Forbidden',
    meaning: 'The account is known, and it is not allowed to do this.',
    action: 'Repeating it unchanged will not help, nor will logging in again, unless rights were granted meanwhile.',
  },
  404: {
    name: 'Not Found',
    meaning: 'Nothing was found under this address. What belongs to another person is answered the same way.',
    action: 'Check the path and the ids in it.',
  },
  405: {
    name: 'Method Not Allowed',
    meaning: 'The address exists, but not for this method.',
    action: 'Choose one of the methods that the header Allow lists.',
  },
  409: {
    name: 'Conflict',
    meaning: 'The request is well formed, but does not fit what is stored now. Nothing was changed.',
    action: 'Read the current state, then decide whether to send another request.',
  },
  410: {
    name: 'Gone',
    meaning: 'What was asked for existed, and is not kept any more.',
    action: 'Begin again from what is kept.',
  },
  412: {
    name: 'Precondition Failed',
    meaning: 'What is to be changed is not what the request names: somebody changed it meanwhile.',
    action: 'Read it again, and repeat the change where it is still wanted.',
  },
  413: {
    name: 'Content Too Large',
    meaning: 'The body holds more than this route accepts.',
    action: 'Send less at a time.',
  },
  415: {
    name: 'Unsupported Media Type',
    meaning: 'The body is of a kind or an encoding that this route does not read.',
    action: 'Correct the headers that describe the body.',
  },
  422: {
    name: 'Unprocessable Content',
    meaning: 'The request was read, and values in it are not acceptable. Nothing was changed.',
    action: 'Correct the values that are named, then send the request again.',
  },
  429: {
    name: 'Too Many Requests',
    meaning: 'More was asked for in a time than is allowed.',
    action:
      'Wait as long as the header Retry-After says, in seconds, before the next request; asking sooner is refused again.',
  },
  500: {
    name: 'Internal Server Error',
    meaning: 'The server met an error of its own. It was recorded under the requestId.',
    action: 'Before repeating a request that changes something, check whether it took effect.',
  },
  503: {
    name: 'Service Unavailable',
    meaning: 'The server cannot do this at the moment. Credentials stay valid.',
    action:
      'Wait as long as the header Retry-After says, in seconds, then repeat; wait longer after each further failure.',
  },
  504: {
    name: 'Gateway Timeout',
    meaning: 'The work did not end in time, and the answer was given up.',
    action: 'Before repeating a request that changes something, check whether it took effect.',
  },
}
