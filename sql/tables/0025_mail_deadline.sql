-- Until when a mail is tried again: a day from when it was queued, or queued anew.
alter table public.mail_outbox add column give_up_at timestamptz not null default clock_timestamp() + interval '24 hours';
