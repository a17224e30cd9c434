import type { Db } from '../db/types.ts'

/** Work at one provider; or all that is left: of several, or of one that is not configured any more. */
export type Share = { provider: string } | { noneOf: readonly string[] }

/** One share for each provider and one for the rest, so that a provider that is silent holds up nothing but its own. */
export function sharesOf(providers: readonly { name: string }[]): Share[] {
  const names = providers.map(({ name }) => name)
  return [...names.map((provider) => ({ provider })), { noneOf: names }]
}

/** A condition on the column `provider`. */
export function withinShare(sql: Db, share: Share) {
  return 'provider' in share
    ? sql`provider = ${share.provider}`
    : sql`(provider is null or provider <> all(${[...share.noneOf]}::text[]))`
}
