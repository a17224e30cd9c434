-- Mails are written here in the transaction of the change that they tell of, and carried out by the senders of the instances.
-- What a mail says, to whom, and its link go as soon as it is sent; `kept`: shown in development instead of being sent.
create table public.mail_outbox (
  id           uuid primary key, -- version 7: in the order of time
  account_id   uuid references public.user_accounts (id), -- null: nobody's any more
  recipient    text check (length(recipient) <= 254),
  language     text not null check (length(language) <= 35),
  template     text not null check (length(template) <= 60),
  is_notice    boolean not null default false, -- nobody asked for it: gathered, and not sent to where mail was refused
  contents     jsonb not null default '{}',
  link         bytea check (length(link) <= 4096), -- encrypted
  message_id   text not null check (length(message_id) <= 320), -- of every attempt the same
  status       text not null default 'queued' check (status in ('queued', 'sent', 'failed')),
  attempts     integer not null default 0 check (attempts >= 0),
  last_error   text check (length(last_error) <= 500),
  created_at   timestamptz not null default clock_timestamp(),
  due_at       timestamptz not null default clock_timestamp(),
  leased_until timestamptz, -- whoever sends it has this long
  ended_at     timestamptz,
  kept         boolean not null default false,
  constraint queued_has_no_end check ((status = 'queued') = (ended_at is null)),
  constraint queued_has_recipient check (status <> 'queued' or recipient is not null),
  constraint sent_says_nothing check (status <> 'sent' or kept or (recipient is null and link is null and contents = '{}'))
);
create index mail_outbox_due on public.mail_outbox (due_at) where status = 'queued';
create index mail_outbox_account on public.mail_outbox (account_id, id);
create index mail_outbox_status on public.mail_outbox (status, id);
create index mail_outbox_ended on public.mail_outbox (ended_at) where ended_at is not null;
create index mail_outbox_linked on public.mail_outbox (id) where link is not null;
-- Where further notices of a kind are gathered until somebody takes the row.
create unique index mail_outbox_gathering on public.mail_outbox (account_id, template) where is_notice and status = 'queued' and attempts = 0;

-- The address refused mail (550, 551, 553): it gets no notices until another mail is delivered there, or the address is another.
alter table public.user_accounts add column email_undeliverable_at timestamptz;
