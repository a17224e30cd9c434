-- Queues an event for the endpoints of one owner (null: the operators) that subscribe to its type; without any, nothing is written. The
-- message is deleted with the account `p_with`. A deletion of an endpoint in progress is waited for, because a delivery refers to it.
create or replace function public.queue_webhook_for(p_owner uuid, p_type text, p_data jsonb, p_with uuid) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  subscribed uuid[];
begin
  if p_owner is null then
    subscribed := array(select id from public.webhook_endpoints where account_id is null and enabled and p_type = any (events) order by id for key share);
  else
    subscribed := array(select id from public.webhook_endpoints where account_id = p_owner and enabled and p_type = any (events) order by id for key share);
  end if;
  if cardinality(subscribed) = 0 then return; end if;
  with message as (
    insert into public.webhook_messages (id, type, body, account_id)
    values (public.uuid_v7(), p_type, public.webhook_body(p_type, p_data), p_with) returning id)
  insert into public.webhook_deliveries (id, endpoint_id, message_id)
  select public.uuid_v7(), endpoint, message.id from unnest(subscribed) endpoint cross join message;
  perform pg_notify('webhook_deliveries', '');
end $$;

-- Queues an event of an account, in the transaction of the change, for the operators and for the account's own endpoints. `p_personal` is
-- sent to the operators only.
create or replace function public.queue_webhook(p_type text, p_account uuid, p_data jsonb, p_personal jsonb default null) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  perform public.queue_webhook_for(null, p_type, p_data || coalesce(p_personal, '{}'), case when p_personal is not null then p_account end);
  if p_account is not null then
    perform public.queue_webhook_for(p_account, p_type, p_data, p_account);
  end if;
end $$;

-- The JSON of an event as it is signed and sent. The time has microseconds, which order the events of one transaction.
create or replace function public.webhook_body(p_type text, p_data jsonb) returns text language sql volatile
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select json_build_object('type', p_type, 'timestamp', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'data', p_data)::text
$$;

-- Whether an endpoint of the operators or of the account subscribes to this type of event.
create or replace function public.wants_webhook(p_type text, p_account uuid) returns boolean language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select exists (select from public.webhook_endpoints where account_id is null and enabled and p_type = any (events))
      or exists (select from public.webhook_endpoints where account_id = p_account and enabled and p_type = any (events))
$$;

-- The same for an event of a team, which the team's owner gets, too.
create or replace function public.wants_webhook(p_type text, p_account uuid, p_team uuid) returns boolean language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select public.wants_webhook(p_type, p_account) or public.wants_webhook(p_type, (select t.owner_id from public.teams t where t.id = p_team))
$$;

-- The triggers below run at COMMIT, so that an event has the final state of the transaction and its version. They do not run where no
-- endpoint subscribes to the type when the row is written.

-- Queues an event of an account: created, updated, erased, or its role changed. An erased account is named by id only, to the operators.
create or replace function public.tell_account() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kind text := tg_argv[0]; account public.user_accounts;
begin
  select * into account from public.user_accounts where id = new.id;
  if kind = 'account.erased' then
    perform public.queue_webhook(kind, null, jsonb_build_object('accountId', new.id, 'version', account.authz_version));
  elsif account.status = 'deleted' then
    return null;
  elsif kind = 'role.changed' then
    perform public.queue_webhook(kind, new.id, jsonb_build_object('accountId', new.id, 'version', account.authz_version, 'role', account.role,
      'privilegeLevel', (select r.privilege_level from public.roles r where r.name = account.role), 'previousRole', old.role));
  else
    perform public.queue_webhook(kind, new.id,
      jsonb_build_object('accountId', new.id, 'version', account.authz_version, 'status', account.status, 'role', account.role,
        'emailVerified', account.email_verified_at is not null),
      jsonb_build_object('email', account.email, 'firstName', account.first_name, 'lastName', account.last_name, 'phoneNumber', account.phone_number,
        'language', account.language, 'timezone', account.timezone, 'createdAt', account.created_at));
  end if;
  return null;
end $$;

-- Queues `session.revoked` for a session that was ended.
create or replace function public.tell_session_revoked() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  perform public.queue_webhook(tg_argv[0], a.id,
    jsonb_build_object('accountId', a.id, 'version', a.authz_version, 'sessionId', new.id, 'reason', new.end_reason))
     from public.user_accounts a where a.id = new.account_id and a.status <> 'deleted';
  return null;
end $$;

-- A change of plan ends one row and inserts another: the inserted row queues `subscription.changed`; the ended row queues
-- `subscription.ended`, if only the free plan is left.
create or replace function public.tell_subscription() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  perform public.queue_webhook(tg_argv[0], s.account_id,
    jsonb_build_object('accountId', s.account_id, 'version', a.authz_version, 'plan', s.plan, 'status', s.status, 'interval', s.billing_interval,
      'currentPeriodEnd', coalesce(s.paid_until, s.current_period_end), 'cancelAtPeriodEnd', s.status = 'cancelled')
    || case tg_argv[0] when 'subscription.ended' then jsonb_build_object('endedPlan', new.plan, 'endedAt', new.ended_at) else '{}' end)
     from public.user_subscriptions s join public.user_accounts a on a.id = s.account_id
    where s.account_id = new.account_id and s.ended_at is null and a.status <> 'deleted' and (s.plan = 'free') = (tg_argv[0] = 'subscription.ended');
  return null;
end $$;

-- Queues `payment.succeeded` or `payment.failed`.
create or replace function public.tell_payment() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kind text := tg_argv[0];
begin
  perform public.queue_webhook(kind, a.id, jsonb_build_object('accountId', a.id, 'version', a.authz_version, 'paymentId', new.id,
    'provider', new.provider, 'amountMinor', new.amount_minor, 'currency', new.currency, 'plan', new.plan, 'at', new.at))
     from public.user_accounts a where a.id = new.account_id and a.status <> 'deleted';
  return null;
end $$;

-- Queues `api_key.created` or `api_key.deleted`, without the key.
create or replace function public.tell_api_key() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kind text := tg_argv[0]; key public.api_keys;
begin
  if tg_op = 'DELETE' then key := old; else key := new; end if;
  perform public.queue_webhook(kind, a.id, jsonb_build_object('accountId', a.id, 'version', a.authz_version, 'apiKeyId', key.id,
    'prefix', key.prefix, 'permissions', key.permissions, 'expiresAt', key.expires_at))
     from public.user_accounts a where a.id = key.account_id and a.status <> 'deleted';
  return null;
end $$;

-- A person joined or left a team: queued for the operators, the person and the owner. Where the team ended with its owner's account,
-- `ownerId` is null. An erased person is named by id only.
create or replace function public.tell_team_member() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kind text := tg_argv[0]; member public.team_members; owner uuid; event jsonb;
begin
  if tg_op = 'DELETE' then member := old; else member := new; end if;
  select t.owner_id into owner from public.teams t where t.id = member.team_id;
  select jsonb_build_object('accountId', a.id, 'version', a.authz_version, 'teamId', member.team_id, 'ownerId', owner) into event
    from public.user_accounts a where a.id = member.account_id;
  perform public.queue_webhook(kind, member.account_id, event);
  if owner <> member.account_id then
    perform public.queue_webhook_for(owner, kind, event, owner);
  end if;
  return null;
end $$;

-- Queues `catalogue.changed` for the operators.
create or replace function public.tell_catalogue_changed() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  perform public.queue_webhook(tg_argv[0], null, jsonb_build_object('catalogueVersion', new.version));
  return null;
end $$;

-- Deletes messages with their deliveries after 30 days.
create or replace function public.purge_webhooks() returns bigint language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  gone bigint;
begin
  delete from public.webhook_messages where created_at < clock_timestamp() - interval '720 hours';
  get diagnostics gone = row_count;
  return gone;
end $$;

do $$
declare
  definition record;
begin
  for definition in select * from (values
    ('webhook_account_created', 'user_accounts', 'insert', 'true', 'account.created', 'new.id', 'tell_account'),
    ('webhook_account_updated', 'user_accounts', 'update of email, email_verified_at, first_name, last_name, phone_number, language, timezone, status, is_invited',
      $c$new.status <> 'deleted' and (old.email, old.email_verified_at, old.first_name, old.last_name, old.phone_number, old.language, old.timezone, old.status, old.is_invited)
         is distinct from (new.email, new.email_verified_at, new.first_name, new.last_name, new.phone_number, new.language, new.timezone, new.status, new.is_invited)$c$,
      'account.updated', 'new.id', 'tell_account'),
    ('webhook_account_erased', 'user_accounts', 'update of status', $c$new.status = 'deleted' and old.status <> 'deleted'$c$, 'account.erased', 'null', 'tell_account'),
    ('webhook_role_changed', 'user_accounts', 'update of role', 'new.role <> old.role', 'role.changed', 'new.id', 'tell_account'),
    ('webhook_session_revoked', 'sessions', 'update of ended_at', 'old.ended_at is null and new.ended_at is not null', 'session.revoked', 'new.account_id', 'tell_session_revoked'),
    ('webhook_subscription_begun', 'user_subscriptions', 'insert', $c$new.plan <> 'free' and new.ended_at is null$c$, 'subscription.changed', 'new.account_id', 'tell_subscription'),
    ('webhook_subscription_changed', 'user_subscriptions', 'update',
      $c$new.ended_at is null and new.plan <> 'free' and (old.plan, old.status, old.billing_interval, old.current_period_end, old.paid_until, old.pending_price_id)
         is distinct from (new.plan, new.status, new.billing_interval, new.current_period_end, new.paid_until, new.pending_price_id)$c$,
      'subscription.changed', 'new.account_id', 'tell_subscription'),
    ('webhook_subscription_ended', 'user_subscriptions', 'update of ended_at', $c$old.ended_at is null and new.ended_at is not null and new.plan <> 'free'$c$,
      'subscription.ended', 'new.account_id', 'tell_subscription'),
    ('webhook_payment_made', 'payments', 'insert', $c$new.kind = 'charge' and new.status = 'succeeded'$c$, 'payment.succeeded', 'new.account_id', 'tell_payment'),
    ('webhook_payment_missed', 'payments', 'insert', $c$new.kind = 'charge' and new.status = 'failed'$c$, 'payment.failed', 'new.account_id', 'tell_payment'),
    ('webhook_payment_succeeded', 'payments', 'update of status', $c$new.kind = 'charge' and new.status = 'succeeded' and old.status <> 'succeeded'$c$,
      'payment.succeeded', 'new.account_id', 'tell_payment'),
    ('webhook_payment_failed', 'payments', 'update of status', $c$new.kind = 'charge' and new.status = 'failed' and old.status <> 'failed'$c$,
      'payment.failed', 'new.account_id', 'tell_payment'),
    ('webhook_api_key_created', 'api_keys', 'insert', 'true', 'api_key.created', 'new.account_id', 'tell_api_key'),
    ('webhook_api_key_deleted', 'api_keys', 'delete', 'true', 'api_key.deleted', 'old.account_id', 'tell_api_key'),
    ('webhook_team_member_added', 'team_members', 'insert', 'true', 'team.member_added', 'new.account_id, new.team_id', 'tell_team_member'),
    ('webhook_team_member_removed', 'team_members', 'delete', 'true', 'team.member_removed', 'old.account_id, old.team_id', 'tell_team_member'),
    ('webhook_catalogue_changed', 'catalogue_version', 'update', 'new.version > old.version', 'catalogue.changed', 'null', 'tell_catalogue_changed')
  ) as t (name, relation, event, condition, type, account, called)
  loop
    execute pg_catalog.format('drop trigger if exists %I on public.%I', definition.name, definition.relation);
    execute pg_catalog.format('create constraint trigger %I after %s on public.%I deferrable initially deferred for each row
      when ((%s) and public.wants_webhook(%L, %s)) execute function public.%I(%L)',
      definition.name, definition.event, definition.relation, definition.condition, definition.type, definition.account, definition.called, definition.type);
  end loop;
end $$;
