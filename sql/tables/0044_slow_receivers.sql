-- Whether the last attempt took long: such an endpoint waits apart from those that answer at once.
alter table public.webhook_endpoints add column is_slow boolean not null default false;
