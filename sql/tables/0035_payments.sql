-- What a price is called at a provider.
create table public.provider_prices (
  provider          text not null check (provider ~ '^[a-z]{1,40}$'),
  price_id          uuid not null references public.plan_prices (id),
  provider_price_id text not null check (length(provider_price_id) between 1 and 255),
  primary key (provider, price_id),
  unique (provider, provider_price_id)
);

-- Of what is paid through a provider: which of its subscriptions this is, which price, up to when it is paid (rights may last
-- longer: current_period_end has the grace in it), and what takes the plan's place then.
alter table public.user_subscriptions
  add column provider_subscription_id text check (length(provider_subscription_id) <= 255),
  add column price_id         uuid references public.plan_prices (id),
  add column paid_until       timestamptz,
  add column pending_price_id uuid references public.plan_prices (id),
  add constraint paid_by_a_provider check ((provider_subscription_id is null) = (paid_until is null));

-- One row for each account that ever dealt with a provider: who works on its billing, and when somebody has to look again.
create table public.billing_accounts (
  account_id   uuid primary key references public.user_accounts (id),
  lease_id     uuid,
  leased_until timestamptz,
  due_at       timestamptz, -- null: nothing waits
  attempts     integer not null default 0,
  last_error   text check (length(last_error) <= 500)
);
create index billing_accounts_due on public.billing_accounts (due_at) where due_at is not null;

-- What a provider calls an account.
create table public.billing_customers (
  account_id  uuid not null references public.user_accounts (id),
  provider    text not null check (provider ~ '^[a-z]{1,40}$'),
  customer_id text not null check (length(customer_id) between 1 and 255),
  primary key (account_id, provider),
  unique (provider, customer_id)
);

-- A provider's subscription as it was when it was fetched last.
create table public.billing_subscriptions (
  provider         text not null check (provider ~ '^[a-z]{1,40}$'),
  subscription_id  text not null check (length(subscription_id) between 1 and 255),
  account_id       uuid not null references public.user_accounts (id),
  price_id         uuid references public.plan_prices (id),
  pending_price_id uuid references public.plan_prices (id),
  status           text not null check (status in ('incomplete', 'trialing', 'active', 'past_due', 'ended')),
  started_at       timestamptz not null,
  paid_until       timestamptz not null,
  cancels          boolean not null, -- at the period's end
  is_surplus       boolean not null default false, -- a second one, or replaced by a grant: it gives no rights, and is cancelled
  is_stale         boolean not null default false, -- something was done about it at the provider since
  fetched_at       timestamptz not null default clock_timestamp(),
  primary key (provider, subscription_id)
);
create index billing_subscriptions_account on public.billing_subscriptions (account_id, started_at, subscription_id);

-- What a person wants of a provider, committed before it is called. The id is what the provider knows the wish by.
create table public.billing_intents (
  id              uuid primary key,
  account_id      uuid not null references public.user_accounts (id),
  kind            text not null check (kind in ('checkout', 'upgrade', 'downgrade', 'cancel', 'resume')),
  provider        text not null check (provider ~ '^[a-z]{1,40}$'),
  price_id        uuid references public.plan_prices (id),
  subscription_id text check (length(subscription_id) <= 255), -- the one that shall change
  return_to       text check (length(return_to) <= 2000),
  starts_at       timestamptz, -- the paid period begins then: at the end of a trial
  state           text not null default 'wanted' check (state in ('wanted', 'open', 'done', 'refused', 'expired')),
  checkout_id     text check (length(checkout_id) <= 255),
  page_url        text check (length(page_url) <= 4000), -- where the person pays, while it is open
  created_at      timestamptz not null default clock_timestamp(),
  expires_at      timestamptz not null,
  ended_at        timestamptz,
  constraint open_until_ended check ((ended_at is null) = (state in ('wanted', 'open')))
);
create index billing_intents_account on public.billing_intents (account_id, id);
create unique index billing_intents_one_checkout on public.billing_intents (account_id) where kind = 'checkout' and ended_at is null;
create index billing_intents_checkout on public.billing_intents (provider, checkout_id) where checkout_id is not null;
create index billing_intents_ended on public.billing_intents (ended_at) where ended_at is not null;

-- What has to be done at a provider until it is done: it outlives the account, and names nothing but the provider's ids.
create table public.billing_tasks (
  id              uuid primary key default public.uuid_v7(),
  provider        text not null check (provider ~ '^[a-z]{1,40}$'),
  kind            text not null check (kind in ('cancel-subscription', 'refund-charge', 'expire-checkout', 'void-checkout')),
  object_id       text not null check (length(object_id) between 1 and 255),
  subscription_id text check (length(subscription_id) <= 255), -- of a charge
  created_at      timestamptz not null default clock_timestamp(),
  due_at          timestamptz not null default clock_timestamp(),
  leased_until    timestamptz,
  attempts        integer not null default 0,
  last_error      text check (length(last_error) <= 500),
  done_at         timestamptz,
  unique (provider, kind, object_id)
);
create index billing_tasks_due on public.billing_tasks (due_at) where done_at is null;
create index billing_tasks_done on public.billing_tasks (done_at) where done_at is not null;

-- Webhooks that came in: never their body. What they are about is fetched.
create table public.billing_events (
  id           uuid primary key default public.uuid_v7(),
  provider     text not null check (provider ~ '^[a-z]{1,40}$'),
  event_id     text not null check (length(event_id) between 1 and 255),
  type         text not null check (length(type) between 1 and 100),
  object_id    text check (length(object_id) <= 255),
  status       text not null default 'queued' check (status in ('queued', 'done', 'ignored', 'failed')),
  received_at  timestamptz not null default clock_timestamp(),
  due_at       timestamptz not null default clock_timestamp(),
  give_up_at   timestamptz not null default clock_timestamp() + interval '72 hours',
  leased_until timestamptz,
  attempts     integer not null default 0,
  last_error   text check (length(last_error) <= 500),
  ended_at     timestamptz,
  unique (provider, event_id),
  constraint queued_until_ended check ((ended_at is null) = (status = 'queued'))
);
create index billing_events_due on public.billing_events (provider, due_at) where status = 'queued';
create index billing_events_status on public.billing_events (status, id);
create index billing_events_ended on public.billing_events (ended_at) where ended_at is not null;

-- Charges, refunds and disputes, one row each, as the provider had them last.
create table public.payments (
  id                  uuid primary key, -- version 7, of the payment's own moment
  account_id          uuid not null references public.user_accounts (id),
  provider            text not null check (provider ~ '^[a-z]{1,40}$'),
  provider_payment_id text not null check (length(provider_payment_id) between 1 and 255),
  subscription_id     text not null check (length(subscription_id) <= 255),
  charge_id           text check (length(charge_id) <= 255),
  kind                text not null check (kind in ('charge', 'refund', 'dispute')),
  status              text not null check (status in ('pending', 'succeeded', 'failed')),
  amount_minor        bigint not null check (amount_minor between 0 and 9007199254740991),
  currency            text not null check (currency ~ '^[A-Z]{3}$'),
  plan                public.slug references public.subscription_plans (name),
  billing_interval    text check (billing_interval in ('month', 'year')),
  at                  timestamptz not null,
  period_start        timestamptz,
  period_end          timestamptz,
  invoice_url         text check (length(invoice_url) <= 2000),
  unique (provider, provider_payment_id)
);
create index payments_account on public.payments (account_id, id);

-- The pretend provider's own server: objects as JSON, of which nobody can be told. Empty in production.
create table public.sandbox_objects (
  id         text primary key,
  kind       text not null check (kind in ('settings', 'customer', 'price', 'checkout', 'subscription', 'payment', 'event', 'key')),
  parent_id  text,
  data       jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);
create index sandbox_objects_kind on public.sandbox_objects (kind, parent_id, created_at, id);
