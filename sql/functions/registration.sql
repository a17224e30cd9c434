-- Inserts an account and its subscription and rolls both back, for an address that is taken, so that the time of the answer does not
-- reveal that. Where the account was made (p_made), only an empty subtransaction is rolled back, which also takes time.
-- p_account: the columns of the account.
create or replace function public.pretend_account(p_account jsonb, p_made boolean) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  new_id uuid := p_account ->> 'id';
  hash bytea := sha256(uuid_send(new_id));
  no_address text := left(repeat(encode(hash, 'hex'), 4), length(p_account ->> 'email'));
begin
  if not p_made then
    with account as (
      insert into public.user_accounts (id, email, password_hash, first_name, last_name, phone_number, language, timezone, role, consents)
      values (new_id, no_address, p_account ->> 'passwordHash', p_account ->> 'firstName', p_account ->> 'lastName', p_account ->> 'phoneNumber',
              p_account ->> 'language', p_account ->> 'timezone', p_account ->> 'role', p_account -> 'consents') returning id)
    insert into public.user_subscriptions (id, account_id, plan, status) select id, id, 'free', 'active' from account;
  end if;
  raise exception 'pretended';
exception when raise_exception then null;
end $$;
