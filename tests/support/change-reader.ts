import { expect } from 'bun:test'
import { bodyOf, type TestApp } from './app.ts'

export type ChangeItem = Record<string, unknown> & { id: string; accountId: string | null; kind: string }
type Changes = { items: ChangeItem[]; nextCursor: string }

/** A service that follows changes of authorisation, with functions that make them. */
export function createChangeReader({ request, sql }: TestApp, bearer: string) {
  const ask = (query: string) => request(`/v1/authz/changes${query}`, { bearer })

  async function read(since?: string, limit = 100): Promise<Changes> {
    const answer = await ask(`?limit=${limit}${since === undefined ? '' : `&since=${since}`}`)
    expect(answer.status).toBe(200)
    return bodyOf<Changes>(answer)
  }

  /** Reads until a page is not full. */
  async function readOn(since?: string, limit = 100): Promise<Changes> {
    const items: ChangeItem[] = []
    for (let cursor = since; ; ) {
      const page = await read(cursor, limit)
      items.push(...page.items)
      cursor = page.nextCursor
      if (page.items.length < limit) return { items, nextCursor: cursor }
    }
  }

  const change = (accountId: string) => sql`select 1 from record_authz_change(${accountId}, 'state')`

  /** Writes a change in an open transaction. @returns a function that commits it */
  async function heldChange(accountId: string): Promise<() => Promise<void>> {
    const written = Promise.withResolvers<void>()
    const commit = Promise.withResolvers<void>()
    const committed = sql.begin(async (tx) => {
      await tx`select 1 from record_authz_change(${accountId}, 'sessions-ended')`
      written.resolve()
      await commit.promise
    })
    await written.promise
    return async () => {
      commit.resolve()
      await committed
    }
  }

  return { ask, read, readOn, change, heldChange, now: async () => (await readOn()).nextCursor }
}
