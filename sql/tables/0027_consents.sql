-- The ledger of what people agreed to and withdrew: rows are added, never changed (sql/functions/consents.sql).
create table public.consents (
  account_id uuid not null references public.user_accounts (id),
  id         uuid not null default public.uuid_v7(),
  document   text not null check (document ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  version    text not null check (version ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
  granted    boolean not null, -- false: withdrawn
  at         timestamptz not null default clock_timestamp(),
  primary key (account_id, id)
);

-- What of it is in force, {document: version}: on the account's row, so that a log-in reads it with the rest.
alter table public.user_accounts add column consents jsonb not null default '{}',
  add constraint erased_agrees_to_nothing check (status <> 'deleted' or consents = '{}');
