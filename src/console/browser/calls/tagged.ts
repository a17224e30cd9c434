import type { ClientResponse } from 'hono/client'
import { ask } from './ask.ts'
import { Refused } from './failure.ts'

type Answer = ClientResponse<unknown, number, string>

/** A resource, and the tag of what it was: a change that names the tag is refused where somebody else was faster. */
export type Tagged<T> = { body: T; etag: string | null }

export async function askTagged<R extends Answer>(
  send: () => Promise<R>,
): Promise<Tagged<Awaited<ReturnType<typeof ask<R>>>>> {
  let etag: string | null = null
  const body = await ask(async () => {
    const answer = await send()
    etag = answer.headers.get('ETag')
    return answer
  })
  return { body, etag }
}

/** The option of a call that changes what this tag is of. */
export const ifMatch = (etag: string | null): { headers: Record<string, string> } => ({
  headers: etag === null ? {} : { 'If-Match': etag },
})

/** What was about to be changed is not what it was when it was read. */
export class ChangedMeanwhile extends Error {}

/** @throws ChangedMeanwhile where the two differ in more than their tag */
export function requireSame(before: unknown, now: unknown): void {
  const textOf = (value: unknown) => JSON.stringify(value, (name, inner) => (name === 'etag' ? undefined : inner))
  if (textOf(before) !== textOf(now)) throw new ChangedMeanwhile('changed meanwhile')
}

/** Whether somebody else changed it meanwhile: seen here, or by the service (RFC 9110, 13.1.1). */
export const isChangedMeanwhile = (failure: unknown): boolean =>
  failure instanceof ChangedMeanwhile || (failure instanceof Refused && Number(failure.problem.status) === 412)
