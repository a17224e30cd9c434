import type { ClientResponse } from 'hono/client'
import { callApi } from './call-api.ts'
import { ChangedMeanwhileError, ProblemError } from './failure.ts'

type Answer = ClientResponse<unknown, number, string>

/** A resource with its ETag. A change with that tag is refused where the resource has changed since. */
export type Tagged<T> = { body: T; etag: string | null }

/** As `callApi`, with the ETag of the answer. */
export async function callTagged<R extends Answer>(
  send: () => Promise<R>,
): Promise<Tagged<Awaited<ReturnType<typeof callApi<R>>>>> {
  let etag: string | null = null
  const body = await callApi(async () => {
    const answer = await send()
    etag = answer.headers.get('ETag')
    return answer
  })
  return { body, etag }
}

/** The `If-Match` option of a call that changes the resource of this tag. */
export const ifMatch = (etag: string | null): { headers: Record<string, string> } => ({
  headers: etag === null ? {} : { 'If-Match': etag },
})

/**
 * The ETag of an item of a list, which has none: read when the item is about to be changed.
 * @throws ChangedMeanwhileError where the item differs from the one shown
 */
export async function tagOfShown<T>(shown: T, read: () => Promise<Tagged<T>>): Promise<string | null> {
  const { body, etag } = await read()
  if (JSON.stringify(body) !== JSON.stringify(shown)) throw new ChangedMeanwhileError('changed meanwhile')
  return etag
}

/** Whether the resource was changed by somebody else: found here, or by the service (RFC 9110, 13.1.1). */
export const isChangedMeanwhile = (failure: unknown): boolean =>
  failure instanceof ChangedMeanwhileError ||
  (failure instanceof ProblemError && Number(failure.problem.status) === 412)
