import type { ClientResponse } from 'hono/client'
import { ask } from './ask.ts'
import { ChangedMeanwhile, Refused } from './failure.ts'

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

/**
 * The tag of what a list showed, whose items have none: read when it is about to be changed.
 * @throws ChangedMeanwhile where the service has something else now
 */
export async function tagOfShown<T>(shown: T, read: () => Promise<Tagged<T>>): Promise<string | null> {
  const { body, etag } = await read()
  if (JSON.stringify(body) !== JSON.stringify(shown)) throw new ChangedMeanwhile('changed meanwhile')
  return etag
}

/** Whether somebody else changed it meanwhile: seen here, or by the service (RFC 9110, 13.1.1). */
export const isChangedMeanwhile = (failure: unknown): boolean =>
  failure instanceof ChangedMeanwhile || (failure instanceof Refused && Number(failure.problem.status) === 412)
