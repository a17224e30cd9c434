-- Monthly quotas of API-key requests: exact across instances, without a query per request.

create table quota_usage (
  account_id uuid not null references user_accounts (id) on delete cascade,
  month      date not null check (extract(day from month) = 1), -- of UTC, by the database's clock
  used       bigint not null default 0 check (used >= 0), -- by leases that have ended, and on plans without a limit
  wanted_at  timestamptz, -- when an instance last found nothing free while others held units
  primary key (account_id, month)
);
create index quota_usage_month on quota_usage (month);
create index quota_usage_wanted on quota_usage (wanted_at) where wanted_at is not null;

-- What one instance may let pass from its memory, counted from the lease's beginning:
-- spent, as it last told <= drawn, what it may have spent by now <= held, what nobody else gets meanwhile.
create table quota_leases (
  id         uuid primary key,
  account_id uuid not null,
  month      date not null,
  spent      bigint not null check (spent >= 0),
  drawn      bigint not null check (drawn >= spent),
  held       bigint not null check (held >= drawn),
  expires_at timestamptz not null,
  foreign key (account_id, month) references quota_usage on delete cascade
);
create index quota_leases_account on quota_leases (account_id, month);

create type quota_grant as (spent bigint, drawn bigint, used bigint, elsewhere bigint, resets_at timestamptz, expires_at timestamptz);

-- Settles what a lease has spent, and gives it more: as much as is wanted, but an eighth of what is free at most, so that
-- leases shrink to one unit near the limit. A quarter is drawn: it counts as used if the instance is never heard of again.
-- drawn = spent: nothing is free; `elsewhere` others hold, and their instances are asked for it. Null: no such account.
create function take_quota(p_account uuid, p_lease uuid, p_limit bigint, p_spent bigint, p_wanted bigint) returns quota_grant
language plpgsql as $$
declare
  this_month date := date_trunc('month', clock_timestamp() at time zone 'UTC');
  held_elsewhere bigint; free bigint; units bigint; result quota_grant;
begin
  insert into quota_usage (account_id, month)
  select id, this_month from user_accounts where id = p_account and status <> 'deleted' on conflict do nothing;
  -- Leases of this account are given under this lock alone, and each statement after it sees what its last holder committed.
  perform 1 from quota_usage where account_id = p_account and month = this_month for update;
  if not found then return null; end if;

  -- What died may have spent whatever it had drawn; the rest comes back.
  with dead as (
    delete from quota_leases where account_id = p_account and month = this_month and id <> p_lease and expires_at <= clock_timestamp() returning drawn)
  update quota_usage set used = used + (select sum(drawn) from dead)
   where account_id = p_account and month = this_month and exists (select from dead);
  -- The lease itself may be of the month before.
  with ended as (delete from quota_leases where id = p_lease and month < this_month returning account_id, month, drawn)
  update quota_usage u set used = u.used + least(p_spent, ended.drawn) from ended where u.account_id = ended.account_id and u.month = ended.month;

  -- A lease that is not there was counted by whoever found it dead.
  result.spent := case when exists (select from quota_leases where id = p_lease) then p_spent else 0 end;
  select coalesce(sum(held), 0), coalesce(sum(held - spent), 0) into held_elsewhere, result.elsewhere
    from quota_leases where account_id = p_account and month = this_month and id <> p_lease;
  select used + result.spent + held_elsewhere into result.used from quota_usage where account_id = p_account and month = this_month;
  free := p_limit - result.used;
  units := case when free > 0 then least(p_wanted, greatest(1, free / 8)) else 0 end;
  result.drawn := result.spent + (units + 3) / 4;
  result.resets_at := (this_month + interval '1 month') at time zone 'UTC';
  result.expires_at := clock_timestamp() + interval '30 seconds';

  if units > 0 then
    insert into quota_leases as l (id, account_id, month, spent, drawn, held, expires_at)
    values (p_lease, p_account, this_month, result.spent, result.drawn, result.spent + units, result.expires_at)
    on conflict (id) do update set spent = excluded.spent, drawn = excluded.drawn, held = excluded.held, expires_at = excluded.expires_at;
  else
    delete from quota_leases where id = p_lease;
    update quota_usage set used = used + result.spent, wanted_at = case when result.elsewhere > 0 then clock_timestamp() end
     where account_id = p_account and month = this_month;
  end if;
  return result;
end $$;

-- Ends leases: what they spent is used, the rest is free. One that is not there was counted before.
create function return_quotas(p_leases uuid[], p_spent bigint[]) returns void language plpgsql as $$
begin
  -- The usage first, as whoever takes does.
  perform 1 from quota_usage u where (u.account_id, u.month) in (select account_id, month from quota_leases where id = any (p_leases))
    order by u.account_id, u.month for update;
  with ended as (
    delete from quota_leases l using unnest(p_leases, p_spent) v (id, spent) where l.id = v.id
    returning l.account_id, l.month, least(v.spent, l.drawn) as spent)
  update quota_usage u set used = u.used + e.spent
    from (select account_id, month, sum(spent) as spent from ended group by 1, 2) e
   where u.account_id = e.account_id and u.month = e.month;
end $$;

-- As before, and months of usage after a year, leases that nobody asked about again, and what was counted while somebody was erased.
create or replace function purge_expired() returns jsonb language plpgsql security definer set search_path = public, pg_temp as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint;
begin
  delete from sessions where expires_at < this_moment - interval '1 day' or ended_at < this_moment - interval '1 day';
  get diagnostics gone_sessions = row_count;
  delete from lockouts where updated_at < this_moment - interval '25 hours' and (locked_until is null or locked_until < this_moment - interval '24 hours');
  get diagnostics gone_lockouts = row_count;
  delete from login_attempts where at < this_moment - interval '90 days';
  get diagnostics gone_attempts = row_count;
  delete from authz_changes where at < this_moment - interval '1 day';
  get diagnostics gone_changes = row_count;
  delete from idempotency_keys where created_at < this_moment - interval '24 hours';
  get diagnostics gone_keys = row_count;
  -- Dead ones count as much as they had drawn.
  perform return_quotas(array_agg(id), array_agg(drawn)) from quota_leases where expires_at < this_moment - interval '1 hour';
  delete from quota_usage where month < (this_moment at time zone 'UTC' - interval '1 year')::date;
  get diagnostics gone_months = row_count;
  -- What requests under way wrote about somebody while they were erased.
  delete from login_attempts where account_id in (select id from user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from audit_personal where account_id in (select id from user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from quota_usage where account_id in (select id from user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months);
end $$;
