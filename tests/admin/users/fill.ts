import type { Db } from '../../../src/db/types.ts'

/** Rows for the tables that loaded accounts leave empty: PostgreSQL scans what is empty, and rightly. */
export async function fillTheRest({ sql }: { sql: Db }): Promise<void> {
  await sql`
    insert into tokens (session_id, token_hash, expires_at) select id, sha256(id::text::bytea), expires_at from sessions on conflict do nothing`
  await sql`
    insert into account_features (account_id, feature, granted, expires_at, reason)
    select id, feature, true, clock_timestamp() + random() * interval '300 days', 'loaded'
      from user_accounts cross join unnest('{sso_oauth,data_export}'::text[]) feature where random() < 0.1`
  await sql`
    insert into api_keys (id, account_id, name, prefix, key_hash, permissions)
    select uuid_v7(), id, 'loaded', 'mk_loaded00', sha256(id::text::bytea), '{profile.read}' from user_accounts where random() < 0.2`
  await sql`insert into trials (account_id, plan) select id, 'starter' from user_accounts where random() < 0.2`
  await sql`
    insert into usage_daily (account_id, day, route, requests)
    select id, current_date - d, '/v1/me', 7 from user_accounts cross join generate_series(0, 9) d where random() < 0.2`
  // Old ones, so not of this transaction.
  await sql`
    insert into authz_changes (at, account_id, version, kind, xid)
    select clock_timestamp() - random() * interval '1 day', id, 1, 'state', '3' from user_accounts where random() < 0.3`
  await sql`
    insert into idempotency_keys (account_id, method, path, key, request_hash, status)
    select id, 'POST', '/v1/subscription', 'loaded', sha256('x'), 200 from user_accounts where random() < 0.3`
  // One of fifty has more people than seats: more than a page, and few among all. Of those whose plan a test ends, few have one.
  await sql`
    insert into teams (id, owner_id, created_at, surplus_since)
    select uuid_v7(created_at), id, created_at, case when random() < 0.02 then clock_timestamp() end from user_accounts where plan <> 'enterprise' or random() < 0.1`
  await sql`insert into team_members (account_id, team_id) select owner_id, id from teams`
}
