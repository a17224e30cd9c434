import type { Problem } from '@manas360/client'

/** A call that the service refused, with its own problem document (RFC 9457). */
export class Refused extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** A call without an answer: the network, a proxy, or the time is up. */
export class Unreachable extends Error {}

/** A call that the person gave up, when asked to show once more who they are. */
export class GivenUp extends Error {}

/** What was about to be changed is not what it was when it was read. */
export class ChangedMeanwhile extends Error {}

/** What the service says of one member of the body, by its path. */
export function fieldErrors(failure: unknown): Record<string, string> {
  if (!(failure instanceof Refused) || failure.problem.code !== 'validation-failed') return {}
  return Object.fromEntries(failure.problem.errors.map(({ path, message }) => [path, message]))
}

export function isCode(failure: unknown, ...codes: Problem['code'][]): failure is Refused {
  return failure instanceof Refused && codes.includes(failure.problem.code)
}
