import type { Problem } from '@manas360/client'

/** A call that the service refused, with the problem document of the answer (RFC 9457). */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** A call without an answer: no network, a failing proxy, or a timeout. */
export class UnreachableError extends Error {}

/** A call whose proof the person cancelled. */
export class CancelledError extends Error {}

/** The resource was changed since it was read. */
export class ChangedMeanwhileError extends Error {}

/**
 * The messages of a `validation-failed` problem, by the path of the member in body or query; empty for other failures.
 */
export function fieldErrors(failure: unknown): Record<string, string> {
  if (isCode(failure, 'validation-failed'))
    return Object.fromEntries(failure.problem.errors.map(({ path, message }) => [path, message]))
  if (isCode(failure, 'already-exists')) return { [failure.problem.field]: failure.problem.title }
  return {}
}

/** Whether a failure is the problem with this code; narrows its type. */
export function isCode<C extends Problem['code']>(
  failure: unknown,
  ...codes: C[]
): failure is ProblemError & { readonly problem: Extract<Problem, { code: C }> } {
  return failure instanceof ProblemError && codes.some((code) => code === failure.problem.code)
}
