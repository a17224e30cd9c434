import type { Db } from '../db/types.ts'

/** The work for one provider; or the rest: work for several providers, or for one that is no longer configured. */
export type Share = { provider: string } | { noneOf: readonly string[] }

/** One share for each provider and one for the rest, so that a provider that does not answer delays only its own work. */
export function sharesOf(providers: readonly { name: string }[]): Share[] {
  const names = providers.map(({ name }) => name)
  return [...names.map((provider) => ({ provider })), { noneOf: names }]
}

/** SQL: a condition on the column `provider`. */
export function withinShare(sql: Db, share: Share) {
  return 'provider' in share
    ? sql`provider = ${share.provider}`
    : sql`(provider is null or provider <> all(${[...share.noneOf]}::text[]))`
}
