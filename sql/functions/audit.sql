-- Trigger: makes the audit tables append-only. Only archive_audit may delete rows.
create or replace function public.refuse_audit_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if coalesce(current_setting('manas360.audit_retention', true), '') = 'on' and tg_op = 'DELETE' then
    return old;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = 'audit_append_only';
end $$;

-- Moves sealed rows older than p_days (at least 365) into audit_archive, oldest first, at most 20,000 in a call, so that transactions
-- stay short: the job calls it until a batch is not full. Deletes the identifying values. Returns how many rows it moved.
create or replace function public.archive_audit(p_days integer default 365) returns bigint language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kept_since timestamptz := clock_timestamp() - make_interval(days => greatest(p_days, 365));
  -- Ids begin with their moment (RFC 9562 5.7), so the least id of that moment bounds the search.
  least_id uuid := (lpad(to_hex((extract(epoch from kept_since) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
  moved bigint;
begin
  perform set_config('manas360.audit_retention', 'on', true);
  with old as (
    delete from public.audit_logs l where l.id in (
      select o.id from public.audit_logs o where o.id < least_id and o.at < kept_since
         and not exists (select 1 from public.audit_queue q where q.audit_id = o.id) order by o.id limit 20000) returning *)
  insert into public.audit_archive select * from old;
  get diagnostics moved = row_count;
  perform set_config('manas360.audit_retention', '', true);
  return moved;
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.archive_audit(integer) from public;
