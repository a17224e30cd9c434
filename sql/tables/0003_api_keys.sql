-- API keys: bearers for programs, which hold a part of their owner's rights.

create table api_keys (
  id           uuid primary key,
  account_id   uuid not null references user_accounts (id) on delete cascade,
  name         text not null check (length(name) between 1 and 200),
  prefix       text not null check (prefix ~ '^mk_[0-9A-Za-z]{8}$'), -- how the key begins, so that its owner knows it again
  key_hash     bytea not null unique check (length(key_hash) = 32), -- SHA-256; the key itself is never stored
  permissions  text[] not null, -- the most that it may do; what its owner may not do, it may not either
  ip_ranges    text[] check (cardinality(ip_ranges) > 0), -- null: from anywhere
  expires_at   timestamptz,
  created_at   timestamptz not null default clock_timestamp(),
  last_used_at timestamptz
);
create index api_keys_account on api_keys (account_id, id);
