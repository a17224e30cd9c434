import { describe, expect, test } from 'bun:test'
import { createPace } from '../../src/account/usage.ts'
import { openTestApp } from '../support/app.ts'

const app = await openTestApp()
const { sql, deps } = app
const route = '/v1/me'

/** So many accounts, of nobody. */
async function given(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => Bun.randomUUIDv7())
  await sql`insert into user_accounts (id, email) select id, id || '@usage.test' from unnest(${ids}::uuid[]) id`
  return ids
}

const requestsOf = async (ids: string[]) =>
  Object.fromEntries(
    (
      await sql<{ accountId: string; requests: number }[]>`
        select account_id, sum(requests)::int as requests from usage_daily where account_id = any (${ids}::uuid[]) group by 1`
    ).map(({ accountId, requests }) => [accountId, requests]),
  )
const each = (ids: string[], requests: number) => Object.fromEntries(ids.map((id) => [id, requests]))

describe('counted use', () => {
  test('of more people than one statement takes is written in parts; of a part that fails nothing is lost, and nothing written twice', async () => {
    const ids = await given(2_500)
    for (const id of ids) deps.usage.count(id, route)
    await sql.unsafe(`
      create function refuse_use() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
      create trigger refuse_use before insert on usage_daily for each row when (new.account_id = '${ids[1_500]}') execute function refuse_use()`)
    await deps.usage.flush()
    expect(await requestsOf(ids)).toEqual(each(ids.slice(0, 1_000), 1))
    for (const id of ids) deps.usage.count(id, route)
    await sql`drop trigger refuse_use on usage_daily`
    await deps.usage.flush()
    expect(await requestsOf(ids)).toEqual(each(ids, 2))
  })

  test('of one person is written when they look at it, and nobody else’s with it', async () => {
    const [own = '', other = ''] = await given(2)
    for (let i = 0; i < 3; i++) for (const id of [own, other]) deps.usage.count(id, route)
    deps.usage.count(own, '/v1/plans')
    await deps.usage.flushOf(own)
    expect(await requestsOf([own, other])).toEqual({ [own]: 4 })
    deps.usage.count(own, route)
    await deps.usage.flush()
    expect(await requestsOf([own, other])).toEqual({ [own]: 5, [other]: 3 })
  })

  test('of one person that cannot be written is kept', async () => {
    const [own = ''] = await given(1)
    deps.usage.count(own, route)
    await sql`alter table usage_daily rename to hidden`
    await deps.usage.flushOf(own)
    await sql`alter table hidden rename to usage_daily`
    await deps.usage.flushOf(own)
    await deps.usage.flush()
    expect(await requestsOf([own])).toEqual({ [own]: 1 })
  })

  test('is added to rows in their place, where a page has room for their next versions', async () => {
    const ids = await given(1_000)
    const pages = () =>
      sql<{ page: string }[]>`
        select (ctid::text::point)[0]::int::text as page from usage_daily where account_id = any (${ids}::uuid[]) order by account_id`
    const add = async () => {
      for (const id of ids) deps.usage.count(id, route)
      await deps.usage.flush()
      return pages()
    }
    const [before, after] = [await add(), await add()]
    expect(after.filter(({ page }, i) => page === before[i]?.page).length).toBeGreaterThan(200)
  })
})

describe('the interval of writes', () => {
  /** Seconds between writes of what is counted at a rate. */
  function secondsBetween(countersEverySecond: number): number {
    const isTime = createPace()
    for (let seconds = 5; seconds <= 600; seconds += 5) if (isTime(countersEverySecond * seconds)) return seconds
    throw new Error('it is never written')
  }

  test('is 5 s for few rows, longer for many, and at most 30 s', () => {
    expect([1, 100, 200].map(secondsBetween)).toEqual([5, 5, 5])
    expect([201, 1_000, 1e9].map(secondsBetween)).toEqual([30, 30, 30])
  })

  test('grows with the rows that wait: no more than 200 rows a second until then', () => {
    const isTime = createPace()
    expect([1_001, 1_100].map(isTime)).toEqual([false, true])
    expect([3_000, 3_000, 3_000, 3_000].map(isTime)).toEqual([false, false, true, false])
  })
})
