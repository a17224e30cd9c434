-- Wakes the senders of mail at commit, where something was written: many a statement writes a mail only in a rare case.
create or replace function public.wake_mail_sender() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if exists (select from written) then
    perform pg_catalog.pg_notify('mail_outbox', '');
  end if;
  return null;
end $$;
create or replace trigger wake_sender after insert on public.mail_outbox
  referencing new table as written for each statement execute function public.wake_mail_sender();

-- Another address has not refused any mail.
create or replace function public.forget_undeliverable() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  new.email_undeliverable_at := null;
  return new;
end $$;
create or replace trigger forget_undeliverable before update of email on public.user_accounts for each row
  when (old.email is distinct from new.email and old.email_undeliverable_at is not null)
  execute function public.forget_undeliverable();

-- What was gathered for one address goes there as it is: what happens under the next one is not told to the last.
create or replace function public.end_gathering() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.mail_outbox set attempts = 1
   where account_id = new.id and is_notice and status = 'queued' and attempts = 0 and recipient is distinct from new.email;
  return null;
end $$;
create or replace trigger end_gathering after update of email on public.user_accounts for each row
  when (old.email is distinct from new.email and new.email is not null)
  execute function public.end_gathering();

-- Ends what nobody sent for a week (with MAIL=off no sender runs), empties failed mails after a week, and forgets all after 30 days.
create or replace function public.purge_mails() returns bigint language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp(); gone bigint;
begin
  update public.mail_outbox set status = 'failed', ended_at = this_moment, leased_until = null, last_error = 'no instance sent it for a week'
   where status = 'queued' and due_at < this_moment - interval '7 days';
  update public.mail_outbox set recipient = null, link = null, contents = '{}'
   where status = 'failed' and ended_at < this_moment - interval '7 days' and recipient is not null;
  delete from public.mail_outbox where ended_at < this_moment - interval '30 days';
  get diagnostics gone = row_count;
  return gone;
end $$;
