-- Claims a job until the transaction ends. False while another session runs it, or if it succeeded within the last p_not_within seconds.
-- Two statements, because the second must see what the last holder of the lock committed.
create or replace function public.take_job(p_name text, p_not_within integer default 0) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if not pg_try_advisory_xact_lock(360360, hashtext(p_name)) then return false; end if;
  return not exists (select 1 from public.job_runs where name = p_name and succeeded_at > clock_timestamp() - make_interval(secs => p_not_within));
end $$;

-- Records the outcome of a run of a job.
create or replace function public.finish_job(p_name text, p_started timestamptz, p_outcome text, p_detail text) returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  insert into public.job_runs as r (name, started_at, finished_at, milliseconds, outcome, detail, succeeded_at)
  select p_name, p_started, at, extract(epoch from at - p_started) * 1000, p_outcome, left(p_detail, 2000), case p_outcome when 'succeeded' then at end
    from (select clock_timestamp() as at) finished
  on conflict (name) do update set started_at = excluded.started_at, finished_at = excluded.finished_at, milliseconds = excluded.milliseconds,
    outcome = excluded.outcome, detail = excluded.detail, succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at)
$$;

-- Runs one job by its name, for the server and pg_cron. Null: it was not due, or another session runs it. The audit trail's sealing is not
-- among these jobs, because it needs a secret that the database does not have.
create or replace function public.run_job(p_name text, p_not_within integer default 0) returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  started timestamptz := clock_timestamp(); result jsonb := 'true';
begin
  if not public.take_job(p_name, p_not_within) then return null; end if;
  case p_name
    when 'forget-successors' then result := to_jsonb(public.forget_successors());
    when 'end-expired' then result := to_jsonb(public.end_expired());
    when 'settle-teams' then result := to_jsonb(public.settle_teams());
    when 'forget-uses' then result := to_jsonb((select accounts from public.forget_uses(1000)));
    when 'reconcile-billing' then result := to_jsonb(public.reconcile_billing());
    when 'refresh-views' then perform public.refresh_views();
    when 'purge-expired' then result := public.purge_expired();
    when 'archive-audit' then result := to_jsonb(public.archive_audit());
    else raise exception 'there is no job "%"', p_name using errcode = 'undefined_function';
  end case;
  perform public.finish_job(p_name, started, 'succeeded', result::text);
  return result;
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.run_job(text, integer) from public;
