import { expect } from 'bun:test'
import { apiAccess } from '../../src/catalogue/catalogue.ts'
import { QuotaExhausted, type QuotaUnit } from '../../src/quotas/lease.ts'
import type { Leases } from '../../src/quotas/leases.ts'
import { givenAccount } from './accounts.ts'
import { givenApiKey } from './api-keys.ts'
import { bodyOf, type TestApp } from './app.ts'

type Instance = { leases: Leases }

/** A person with an API key. */
export async function givenKeyHolder(app: TestApp, options: Parameters<typeof givenAccount>[1] = {}) {
  const account = await givenAccount(app, options)
  return { ...account, key: (await givenApiKey(app, account.id)).key }
}

/** The end of the month in UTC, in the form of answers. */
export function nextMonth(): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString()
}

/** The limit and the use of API requests, as the person sees them. */
type ApiRequests = { used: number; limit: number | null; resetsAt: string }
export async function readApiRequests({ request }: TestApp, bearer: string) {
  const { usage, limits } = await bodyOf<{
    limits: { maxApiRequestsPerMonth: number | null }
    usage: { apiRequests: ApiRequests }
  }>(await request('/v1/me/entitlements', { bearer }))
  expect(limits.maxApiRequestsPerMonth).toBe(usage.apiRequests.limit)
  return usage.apiRequests
}

export async function askUntilRefused(
  { request }: TestApp,
  key: string,
): Promise<{ passed: number; refusal: Response }> {
  for (let passed = 0; ; passed++) {
    const answer = await request('/v1/entitlements/api_access', { bearer: key })
    if (answer.status !== 200) return { passed, refusal: answer }
  }
}

/** Consumes units of an instance as requests do. @returns how many of `wanted` were granted before a refusal */
export async function spendAll(instance: Instance, accountId: string, limit: number, wanted: number): Promise<number> {
  let passed = 0
  for (; passed < wanted; passed++) if (!(await spendOne(instance, accountId, limit))) break
  return passed
}

export async function spendOne({ leases }: Instance, accountId: string, limit: number): Promise<QuotaUnit | null> {
  try {
    return await leases.consume({ accountId, feature: apiAccess }, limit)
  } catch (error) {
    if (error instanceof QuotaExhausted) return null
    throw error
  }
}

/** The rows of this month: use by ended leases, and what live leases have spent, drawn and hold. */
export async function readQuotaRows({ sql }: TestApp, accountId: string) {
  const [row] = await sql<{ used: number; spent: number; drawn: number; held: number; leases: number }[]>`
    select u.used::int, coalesce(sum(l.spent), 0)::int as spent, coalesce(sum(l.drawn), 0)::int as drawn, coalesce(sum(l.held), 0)::int as held,
           count(l.id)::int as leases
      from quota_usage u left join quota_leases l using (account_id, month, feature)
     where u.account_id = ${accountId} and u.feature = 'api_access' and u.month = date_trunc('month', clock_timestamp() at time zone 'UTC') group by u.used`
  return row ?? { used: 0, spent: 0, drawn: 0, held: 0, leases: 0 }
}

/** Makes everything about an account's quota older, so that leases expire. */
export async function ageLeases({ sql }: TestApp, accountId: string): Promise<void> {
  await sql`update quota_leases set expires_at = expires_at - interval '31 seconds' where account_id = ${accountId}`
}

/** Moves the rows to the month before. */
export async function ageMonth({ sql }: TestApp, accountId: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`alter table quota_leases drop constraint quota_leases_account_id_month_feature_fkey`
    await tx`update quota_leases set month = month - interval '1 month' where account_id = ${accountId}`
    await tx`update quota_usage set month = month - interval '1 month' where account_id = ${accountId}`
    await tx`
      alter table quota_leases add foreign key (account_id, month, feature) references quota_usage on delete cascade`
  })
}

/** An administrator's change of the plan, or of the limit of one account. */
export function createGrant(app: TestApp, bearer: string) {
  return async (id: string, path: string, json: object): Promise<void> => {
    const init = { method: 'PUT', bearer, json: { reason: 'asked for it', ...json } }
    expect((await app.request(`/v1/admin/users/${id}${path}`, init)).status).toBe(200)
  }
}
