import type { Db } from '../db/types.ts'

/**
 * Stores traces under the hash of an address, so that registering it again gives no second trial and no new quota: the
 * account's trials for three years, and its quota usage until the end of the month. Usable quota units count as used.
 * Call it whenever an account gives up an address, with the account's row locked and before its rows are deleted.
 */
export async function storeTraces(sql: Db, accountId: string, addressHash: Buffer): Promise<void> {
  // Rounded to the month: an exact day would link this row to the erasure in the audit trail.
  await sql`
    insert into erased_trials (address_hash, plan, kept_until)
    select ${addressHash}, plan, date_trunc('month', clock_timestamp() at time zone 'UTC') + interval '3 years 1 month' from trials where account_id = ${accountId}
    on conflict (address_hash, plan) do update set kept_until = excluded.kept_until`
  await sql`
    select 1 from quota_usage where account_id = ${accountId} and month = ${thisMonth(sql)} order by feature for update`
  await sql`
    insert into erased_quotas as e (address_hash, month, feature, used)
    select ${addressHash}, u.month, u.feature, u.used + coalesce(l.drawn, 0)
      from quota_usage u
      left join (select month, feature, sum(drawn) as drawn from quota_leases where account_id = ${accountId} group by 1, 2) l using (month, feature)
     where u.account_id = ${accountId} and u.month = ${thisMonth(sql)} and u.used + coalesce(l.drawn, 0) > 0
    on conflict (address_hash, month, feature) do update set used = greatest(e.used, excluded.used)`
}

/**
 * CTEs that give a new account the traces of its address. Not for the statement that inserts the account: it may have waited
 * for the erasure that frees the address, and its snapshot does not see the traces.
 */
export function restoreTracesCtes(sql: Db, accountId: string, addressHashes: Buffer[]) {
  return sql`
    trials_before as (
      insert into trials (account_id, plan, started_at)
      select distinct ${accountId}::uuid, plan, null::timestamptz from erased_trials
       where address_hash in ${sql(addressHashes)} and kept_until > (clock_timestamp() at time zone 'UTC')::date
      on conflict do nothing),
    quotas_before as (
      insert into quota_usage as u (account_id, month, feature, used)
      select ${accountId}::uuid, month, feature, max(used) from erased_quotas
       where address_hash in ${sql(addressHashes)} and month = ${thisMonth(sql)} group by month, feature
      on conflict (account_id, month, feature) do update set used = greatest(u.used, excluded.used))`
}

/** restoreTraces for many accounts at once, in a statement after the one that inserted them. */
export async function restoreTracesOfMany(
  sql: Db,
  accounts: readonly { id: string; addressHashes: readonly Buffer[] }[],
): Promise<void> {
  const pairs = accounts.flatMap(({ id, addressHashes }) =>
    addressHashes.map((hash) => ({ id, hash: hash.toString('hex') })),
  )
  await sql`
    with found as materialized (
      select id, decode(hash, 'hex') as address_hash from json_to_recordset(${JSON.stringify(pairs)}::text::json) as p(id uuid, hash text)),
    trials_before as (
      insert into trials (account_id, plan, started_at)
      select distinct f.id, e.plan, null::timestamptz from erased_trials e join found f using (address_hash)
       where e.kept_until > (clock_timestamp() at time zone 'UTC')::date
      on conflict do nothing)
    insert into quota_usage as u (account_id, month, feature, used)
    select f.id, e.month, e.feature, max(e.used) from erased_quotas e join found f using (address_hash)
     where e.month = ${thisMonth(sql)} group by f.id, e.month, e.feature
    on conflict (account_id, month, feature) do update set used = greatest(u.used, excluded.used)`
}

/** restoreTracesCtes as a statement of its own, after an account got an address. */
export async function restoreTraces(sql: Db, accountId: string, addressHashes: Buffer[]): Promise<void> {
  await sql`with ${restoreTracesCtes(sql, accountId, addressHashes)} select 1`
}

function thisMonth(sql: Db) {
  return sql`date_trunc('month', clock_timestamp() at time zone 'UTC')::date`
}
