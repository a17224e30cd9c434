-- Whose provider somebody asks when the account is due; null: of several, or not known. Each provider's work is claimed by itself.
alter table public.billing_accounts add column provider text check (provider ~ '^[a-z]{1,40}$');
update public.billing_accounts b set provider = (
  select case when count(distinct c.provider) = 1 then min(c.provider) end from public.billing_customers c where c.account_id = b.account_id);
drop index public.billing_accounts_due;
create index billing_accounts_due on public.billing_accounts (provider, due_at) where due_at is not null;
drop index public.billing_tasks_due;
create index billing_tasks_due on public.billing_tasks (provider, due_at) where done_at is null;

-- The page where somebody pays may be opened by whoever has its address: it is kept encrypted under DATA_KEY. page_url stays for a
-- server of before that still runs; a page without its address is asked for again, under the same key.
alter table public.billing_intents add column page bytea;
update public.billing_intents set page_url = null where page_url is not null;
