-- Trigger by statement: notifies the senders of mail at commit, if rows were inserted. Many statements insert a mail in rare cases only.
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

-- Trigger: forgets that the address of an account refused mail, when the account gets another address.
create or replace function public.forget_undeliverable() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  new.email_undeliverable_at := null;
  return new;
end $$;
create or replace trigger forget_undeliverable before update of email on public.user_accounts for each row
  when (old.email is distinct from new.email and old.email_undeliverable_at is not null)
  execute function public.forget_undeliverable();

-- Trigger: closes notices that still collect events when an account's address changes, so that the old address gets no later events.
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

-- The time at which a notice may be sent: at once, or 10 minutes after the last one of its kind.
create or replace function public.notice_due_at(p_account uuid, p_template text) returns timestamptz language sql volatile
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select greatest(max(least(due_at, clock_timestamp())) + interval '10 minutes', clock_timestamp()) from public.mail_outbox
   where account_id = p_account and template = p_template and is_notice
$$;

-- Adds an event to the contents of a notice, which lists up to 20 events and counts the rest.
create or replace function public.add_notice_event(p_contents jsonb, p_event jsonb) returns jsonb language sql immutable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when jsonb_array_length(p_contents -> 'events') < 20
              then jsonb_set(p_contents, '{events}', (p_contents -> 'events') || jsonb_build_array(p_event))
              else jsonb_set(p_contents, '{more}', to_jsonb(coalesce((p_contents ->> 'more')::integer, 0) + 1)) end
$$;

-- Whether an account gets a notice. An account whose invitation is not accepted yet gets only the one about an attempt to register.
create or replace function public.takes_notice(p_account public.user_accounts, p_template text) returns boolean language sql immutable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select p_account.email is not null and p_account.email_undeliverable_at is null
     and (not p_account.is_invited or p_template = 'registration-attempted')
$$;

-- Queues a notice about a change that a function of the schema made, like the server's own notices (src/mail/queries.ts). The sender
-- adds the Message-ID. The caller has locked the account's row.
create or replace function public.queue_notice(p_account uuid, p_template text, p_event jsonb) returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  insert into public.mail_outbox as m (id, account_id, recipient, language, template, is_notice, contents, due_at)
  select public.uuid_v7(), a.id, a.email, a.language, p_template, true,
         jsonb_build_object('events', jsonb_build_array(p_event)), public.notice_due_at(a.id, p_template)
    from public.user_accounts a where a.id = p_account and public.takes_notice(a, p_template)
  on conflict (account_id, template) where is_notice and status = 'queued' and attempts = 0
  do update set contents = public.add_notice_event(m.contents, p_event)
$$;

-- Gives up mails that were not sent within a week (with MAIL=off no sender runs), deletes the content of failed mails after a week, and
-- deletes all mails after 30 days.
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
