-- When an account was used last, of sessions and counted days that were deleted since (forget_uses in sql/functions/purge.sql);
-- null: never, or not after its last log-in.
alter table public.user_accounts add column last_used_at timestamptz,
  add constraint erased_was_never_used check (status <> 'deleted' or last_used_at is null);
