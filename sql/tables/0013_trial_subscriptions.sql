-- A trial stays a trial when it is cancelled: it can be taken back, and may give way to another plan's.
alter table public.user_subscriptions add column trial boolean not null default false; -- nothing is paid for it

-- Kept by the database itself, whichever version of the server begins one.
create function public.mark_trial() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  new.trial := true;
  return new;
end $$;
create trigger mark_trial before insert or update of status on public.user_subscriptions for each row
  when (new.status = 'trialing') execute function public.mark_trial();

update public.user_subscriptions s set trial = true
 where s.status = 'trialing'
    or s.granted_by is null and s.status in ('cancelled', 'expired') and exists (
         select from public.trials t
          where t.account_id = s.account_id and t.plan = s.plan and t.started_at between s.started_at - interval '1 minute' and s.started_at + interval '1 minute');
