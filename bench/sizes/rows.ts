import type postgres from 'postgres'

type Tx = postgres.TransactionSql

/**
 * The history of an account, on average. Attempts and audit rows reach a day and a month beyond their retention, so
 * that the jobs have as much to do as at their next run.
 */
export const past = {
  attempts: 5,
  attemptDays: 91,
  auditRows: 6,
  auditDays: 395,
  usageRows: 8,
  consents: 2,
  paymentsOfPaying: 5,
} as const

const firstNames = ['Asha', 'Ravi', 'Meera', 'Arjun', 'Zoë', 'Liam', 'Noor', 'Chidi', 'Ingrid', 'Mateo', 'Yuki', 'Oona']
const lastNames = ['Iyer', 'Kapoor', "O'Brien", 'Nguyễn', 'García', 'Okafor', 'Lindqvist', 'Haddad', 'Silva', 'Novák']

type People = { first: number; last: number; passwordHash: string }

/** The accounts from `first` to `last`, of the last two years, and their lasting rows; the table `batch` lists them. */
export async function people(tx: Tx, { first, last, passwordHash }: People): Promise<void> {
  await tx`
    create temp table batch on commit drop as
    select n, id, uuid_extract_timestamp(id) as at, locked, plan <> 'free' as paying, plan,
           case when plan <> 'free' then clock_timestamp() + random() * interval '8760 hours' end as ends_at
      from (select n, uuidv7(-random() * interval '17520 hours') as id, random() < 0.002 as locked,
                   case when dice < 0.8 then 'free' when dice < 0.9 then 'starter' when dice < 0.97 then 'professional' when dice < 0.99 then 'business'
                        else 'enterprise' end as plan
              from (select n, random() as dice from generate_series(${first}::int, ${last}::int) n) numbered) made`
  await tx`
    insert into user_accounts (id, email, email_verified_at, password_hash, first_name, last_name, role, status, locked_reason, created_at, last_login_at, plan, plan_ends_at, consents)
    select id, 'size-' || n || '@example.test', at, ${passwordHash}, (${firstNames}::text[])[1 + n % ${firstNames.length}], (${lastNames}::text[])[1 + n / 7 % ${lastNames.length}],
           case when n % 5000 = 4999 then 'admin' when paying then 'subscriber' else 'user' end, case when locked then 'locked' else 'active' end,
           case when locked then 'made as locked' end, at, clock_timestamp() - random() * interval '2160 hours', plan, ends_at,
           '{"terms":"2026-01","privacy":"2026-01"}' from batch`
  await tx`
    insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at, current_period_end)
    select uuidv7(at - clock_timestamp()), id, plan, case when paying and n % 40 = 1 then 'trialing' when paying and n % 40 = 2 then 'cancelled' else 'active' end,
           case when paying then case when n % 3 = 0 then 'year' else 'month' end end, at, ends_at from batch`
  await tx`
    insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at, current_period_end, ended_at)
    select uuidv7(at - clock_timestamp()), id, 'starter', 'expired', 'month', at - interval '720 hours', at, at from batch where n % 5 = 0`
  await tx`
    insert into api_keys (id, account_id, name, prefix, key_hash, permissions)
    select gen_random_uuid(), id, 'key', 'mk_' || lpad(to_hex(n), 8, '0'), sha256(('key' || n)::bytea), '{profile.read}' from batch where n % 20 = 0`
  await tx`
    insert into consents (account_id, id, document, version, granted, at)
    select id, gen_random_uuid(), (array['terms', 'privacy'])[i], '2026-01', true, at from batch cross join generate_series(1, ${past.consents}) i`
  await tx`
    insert into billing_accounts (account_id) select id from batch where paying and plan <> 'enterprise'`
  await tx`
    insert into billing_customers (account_id, provider, customer_id) select id, 'stripe', 'cus_' || n from batch where paying and plan <> 'enterprise'`
  await tx`
    insert into billing_subscriptions (provider, subscription_id, account_id, status, started_at, paid_until, cancels)
    select 'stripe', 'sub_' || n, id, 'active', at, ends_at, false from batch where paying and plan <> 'enterprise'`
}

/**
 * The activity of the people of `batch`: sessions, attempts, counted use, payments, mails, changes of rights. In the
 * order of time, as in production, so that rows that expire together are stored together.
 */
export async function events(tx: Tx): Promise<void> {
  await tx`
    with made as (
      insert into sessions (id, account_id, created_at, last_used_at, expires_at, ip_address, user_agent, ended_at, end_reason)
      select uuidv7(-age), id, clock_timestamp() - age, clock_timestamp() - age / 2, clock_timestamp() - age + interval '720 hours', '198.51.100.' || n % 256,
             'MANAS360/4.2 (Android 15)', case when n % 30 = 7 then clock_timestamp() - interval '30 hours' end, case when n % 30 = 7 then 'logout' end
        from (select n, id, random() * interval '700 hours' as age from batch where n % 10 < 6 or n % 30 = 7) aged returning id)
    insert into tokens (session_id, token_hash, expires_at, previous_hash, replaced_at)
    select id, sha256(uuid_send(id)), clock_timestamp() + interval '160 hours', sha256(uuid_send(id)), clock_timestamp() from made`
  await tx`
    insert into login_attempts (id, at, account_id, outcome, ip_address)
    select uuidv7(-age), clock_timestamp() - age, id, case when (n + i) % 12 = 0 then 'failed' else 'succeeded' end, '203.0.113.' || (n * 7 + i) % 256
      from (select n, i, id, random() * make_interval(days => ${past.attemptDays}) as age from batch cross join generate_series(1, ${past.attempts}) i) aged order by age desc`
  await tx`
    insert into usage_daily (account_id, day, route, requests)
    select id, current_date - (i * 48 + n % 48)::int, (array['GET /v1/me', 'GET /v1/entitlements/{feature}'])[1 + i % 2], 1 + n % 20
      from batch cross join generate_series(0, ${past.usageRows - 1}) i`
  await tx`
    insert into payments (id, account_id, provider, provider_payment_id, subscription_id, kind, status, amount_minor, currency, plan, billing_interval, at, period_start, period_end)
    select uuidv7(-make_interval(days => 30 * i)), id, 'stripe', 'ch_' || n || '_' || i, 'sub_' || n, 'charge', 'succeeded', 999, 'USD', plan, 'month',
           clock_timestamp() - make_interval(days => 30 * i), clock_timestamp() - make_interval(days => 30 * i), clock_timestamp() - make_interval(days => 30 * i - 30)
      from batch cross join generate_series(1, ${past.paymentsOfPaying}) i where paying`
  await tx`
    insert into billing_events (id, provider, event_id, type, object_id, status, received_at, ended_at)
    select uuidv7(-age), 'stripe', 'evt_' || n || '_' || i, 'invoice.paid', 'in_' || n || '_' || i, 'done', clock_timestamp() - age, clock_timestamp() - age
      from (select n, i, random() * interval '2184 hours' as age from batch cross join generate_series(1, 3) i where paying) aged`
  await tx`
    insert into mail_outbox (id, account_id, language, template, is_notice, message_id, status, attempts, created_at, due_at, ended_at)
    select uuidv7(-age), id, 'en', 'new-device', true, '<' || n || '@example.test>', 'sent', 1, clock_timestamp() - age, clock_timestamp() - age, clock_timestamp() - age
      from (select n, id, random() * interval '744 hours' as age from batch) aged order by age desc`
  await tx`
    insert into quota_usage (account_id, month, feature, used)
    select id, date_trunc('month', current_date)::date - make_interval(months => i), 'api_access', 50 from batch cross join generate_series(0, 12) i where n % 20 = 0`
  await tx`
    insert into lockouts (key, last_failure_at, updated_at) select sha256(('counter' || n)::bytea), clock_timestamp() - interval '26 hours', clock_timestamp() - random() * interval '48 hours'
      from batch where n % 20 = 3`
  await tx`
    insert into authz_changes (xid, at, account_id, version, kind, role, privilege_level, plan, overrides, status)
    select '3'::xid8, clock_timestamp() - random() * interval '46 hours', id, 2, 'state', 'user', 10, plan, '{}', 'active' from batch where n % 50 = 0`
}

/** The audit trail of `batch`, each row signed as in src/audit/record.ts, waiting to be sealed. */
export async function trail(tx: Tx, { auditKey, keyId }: { auditKey: string; keyId: string }): Promise<void> {
  await tx`
    create temp table acts on commit drop as
    select id, uuid_extract_timestamp(id) as at, account, n, i % 6 = 0 as is_update, gen_random_uuid() as session,
           uuid_send(gen_random_uuid()) as salt, uuid_send(gen_random_uuid()) as other_salt,
           '{"ip":"198.51.100.' || n % 256 || '","userAgent":"MANAS360/4.2 (Android 15)"}' as origin, '{"before":{"firstName":"A"},"after":{"firstName":"B"}}' as change
      from (select uuidv7(-random() * make_interval(days => ${past.auditDays})) as id, b.id as account, n, i
              from batch b cross join generate_series(1, ${past.auditRows}) i order by 1) made`
  await tx`
    insert into audit_personal (audit_id, account_id, salt, data) select id, account, salt, origin::json from acts`
  await tx`
    insert into audit_subjects (audit_id, account_id, salt, data) select id, account, other_salt, change::json from acts where is_update`
  await tx`
    insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, subject_hash, key_id, mac)
    select id, at, account, action, type, entity, session::text, '{}', personal, subject, ${keyId},
           bench.hmac(convert_to('["' || id || '","' || to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '","' || account || '","' || action || '","' || type
             || '","' || entity || '","' || session || '","{}","' || encode(personal, 'hex') || '","' || ${keyId} || '"' || coalesce(',"' || encode(subject, 'hex') || '"', '') || ']', 'UTF8'),
             convert_to(${auditKey}, 'UTF8'), 'sha256')
      from (select id, at, account, session, case when is_update then 'account.update' else 'session.create' end as action,
                   case when is_update then 'account' else 'session' end as type, case when is_update then account else session end::text as entity,
                   sha256(salt || convert_to(account::text || origin, 'UTF8')) as personal,
                   case when is_update then sha256(other_salt || convert_to(account::text || change, 'UTF8')) end as subject from acts) signed`
  await tx`insert into audit_queue (audit_id) select id from acts`
}
