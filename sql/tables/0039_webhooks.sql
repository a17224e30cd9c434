-- Where events are delivered (Standard Webhooks). Secrets are encrypted under DATA_KEY; after a rotation the earlier one signs too,
-- until it ends. The lease is that of the instance which delivers to the endpoint.
create table public.webhook_endpoints (
  id              uuid primary key,
  account_id      uuid references public.user_accounts (id) on delete cascade, -- null: the operators'
  created_by      uuid not null, -- who is told when it is disabled
  url             text not null check (length(url) <= 2000),
  description     text check (length(description) <= 500),
  events          text[] not null check (cardinality(events) between 1 and 50),
  enabled         boolean not null default true,
  disabled_reason text check (disabled_reason in ('gone', 'failing')), -- null: not disabled, or by a person
  secret          bytea not null,
  earlier_secret  bytea,
  earlier_until   timestamptz,
  failing_since   timestamptz, -- the first failure since the last success
  last_attempt_at timestamptz,
  leased_until    timestamptz,
  created_at      timestamptz not null default clock_timestamp(),
  updated_at      timestamptz not null default clock_timestamp(),
  constraint earlier_secret_ends check ((earlier_secret is null) = (earlier_until is null)),
  constraint disabled_for_a_reason check (disabled_reason is null or not enabled)
);
create index webhook_endpoints_account on public.webhook_endpoints (account_id, id);
create index webhook_endpoints_operators on public.webhook_endpoints (id) where account_id is null;

-- An event as it is sent. The operators' messages about an account hold personal data, and go with it: `account_id`.
create table public.webhook_messages (
  id         uuid primary key, -- version 7
  type       text not null check (length(type) between 1 and 60),
  body       text not null check (length(body) <= 20000),
  account_id uuid references public.user_accounts (id) on delete cascade,
  created_at timestamptz not null default clock_timestamp()
);
create index webhook_messages_account on public.webhook_messages (account_id) where account_id is not null;
create index webhook_messages_created on public.webhook_messages (created_at);

-- A message on its way to one endpoint, and what its last attempt came to.
create table public.webhook_deliveries (
  id              uuid primary key, -- version 7
  endpoint_id     uuid not null references public.webhook_endpoints (id) on delete cascade,
  message_id      uuid not null references public.webhook_messages (id) on delete cascade,
  status          text not null default 'queued' check (status in ('queued', 'delivered', 'failed')),
  attempts        smallint not null default 0,
  due_at          timestamptz not null default clock_timestamp(),
  last_attempt_at timestamptz,
  duration_ms     integer check (duration_ms >= 0),
  response_status smallint,
  response_body   text check (length(response_body) <= 1024),
  last_error      text check (length(last_error) <= 200),
  ended_at        timestamptz,
  constraint delivery_ends check ((ended_at is null) = (status = 'queued'))
);
create index webhook_deliveries_due on public.webhook_deliveries (endpoint_id, due_at) where status = 'queued';
create index webhook_deliveries_endpoint on public.webhook_deliveries (endpoint_id, id);
create index webhook_deliveries_message on public.webhook_deliveries (message_id);
