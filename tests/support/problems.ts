import { expect } from 'bun:test'
import { type ProblemCode, problems } from '../../src/errors/app-error.ts'

export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  code: string
  requestId: string
  errors?: { path: string; message: string; code: string }[]
  [member: string]: unknown
}

/** Checks that an answer is the whole problem document of this code, with its status. */
export async function expectProblem(response: Response, code: ProblemCode): Promise<Problem> {
  const problem = (await response.json()) as Problem
  expect(problem.code).toBe(code)
  expect(response.status).toBe(problems[code].status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(problem.status).toBe(response.status)
  expect(problem.type).toEndWith(`/problems/${code}`)
  for (const text of [problem.title, problem.detail, problem.instance]) expect(text).toBeString()
  expect(problem.requestId).toBe(response.headers.get('x-request-id') ?? '')
  return problem
}
