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

/** What the service says of one member of the body or the query, by its path. */
export function fieldErrors(failure: unknown): Record<string, string> {
  if (isCode(failure, 'validation-failed'))
    return Object.fromEntries(failure.problem.errors.map(({ path, message }) => [path, message]))
  if (isCode(failure, 'already-exists')) return { [failure.problem.field]: failure.problem.title }
  return {}
}

export function isCode<C extends Problem['code']>(
  failure: unknown,
  ...codes: C[]
): failure is Refused & { readonly problem: Extract<Problem, { code: C }> } {
  return failure instanceof Refused && codes.some((code) => code === failure.problem.code)
}
