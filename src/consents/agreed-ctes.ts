import type { Db } from '../db/types.ts'
import type { Agreed } from './schemas.ts'

/** The value of `user_accounts.consents` for these agreements. */
export const toAgreements = (agreed: readonly Agreed[]): Record<string, string> =>
  Object.fromEntries(agreed.map(({ document, version }) => [document, version]))

/** CTEs that write these agreements for the account of the CTE `account`, each with a comma behind it. */
export function agreedCtes(sql: Db, agreed: readonly Agreed[]) {
  if (agreed.length === 0) return sql``
  return sql`
    agreed as (
      insert into consents (account_id, document, version, granted)
      select a.id, d.document, d.version, true
        from account a cross join unnest(${agreed.map(({ document }) => document)}::text[], ${agreed.map(({ version }) => version)}::text[])
          as d (document, version)),`
}
