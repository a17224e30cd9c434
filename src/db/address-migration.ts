import type postgres from 'postgres'
import { canonicalEmail } from '../text/email-address.ts'

type Stored = { id: string; email: string }

const batchSize = 5_000
/** The most collisions that one message lists. */
const maxNamed = 50

/**
 * Rewrites every stored address in canonical form. SQL lacks the mapping (IDNA, Unicode), so this runs in JavaScript,
 * in the migration's transaction. Accounts are never merged: when two addresses become equal, nothing is written.
 * @returns why the migration must stop, naming the accounts by id; undefined when everything is written
 */
export async function rewriteAddresses(tx: postgres.TransactionSql): Promise<string | undefined> {
  // An ASCII address without A-labels is canonical already.
  const stored = await tx<Stored[]>`
    select id, email from user_accounts
     where octet_length(email) <> char_length(email) or email like '%xn--%' order by id for no key update`
  const changed = stored
    .map(({ id, email }) => ({ id, email: canonicalEmail(email), was: email }))
    .filter(({ email, was }) => email !== was)
  const holders = await findHolders(tx, changed)
  const collisions = [...Map.groupBy([...changed, ...holders], ({ email }) => email).values()]
    .map((accounts) => accounts.map(({ id }) => id).sort())
    .filter((ids) => ids.length > 1)
  if (collisions.length > 0) return describe(collisions)
  for (const batch of batches(changed))
    await tx`
      update user_accounts a set email = v.email
        from unnest(${batch.map(({ id }) => id)}::uuid[], ${batch.map(({ email }) => email)}::text[]) v (id, email) where a.id = v.id`
  return undefined
}

/** Accounts whose unchanged address equals a rewritten one. */
async function findHolders(tx: postgres.TransactionSql, changed: readonly Stored[]): Promise<Stored[]> {
  const changing = new Set(changed.map(({ id }) => id))
  const holders: Stored[] = []
  for (const batch of batches(changed)) {
    const emails = [...new Set(batch.map(({ email }) => email))]
    holders.push(...(await tx<Stored[]>`select id, email from user_accounts where email = any(${emails}::text[])`))
  }
  const staying = holders.filter(({ id }) => !changing.has(id))
  return [...new Map(staying.map((holder) => [holder.id, holder])).values()]
}

function describe(collisions: readonly string[][]): string {
  const named = collisions.slice(0, maxNamed).map((ids) => `  ${ids.join(' and ')}`)
  const more = collisions.length > maxNamed ? [`  and ${collisions.length - maxNamed} more`] : []
  return [
    'These accounts have one e-mail address in different spellings. Erase all but one of each, or change their addresses, and migrate again:',
    ...named,
    ...more,
  ].join('\n')
}

function batches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / batchSize) }, (_, i) =>
    items.slice(i * batchSize, (i + 1) * batchSize),
  )
}
