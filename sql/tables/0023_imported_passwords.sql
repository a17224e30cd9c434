-- People come from another system with the hashes of its passwords: each is kept behind the word `imported` until its owner logs in,
-- and becomes argon2id then.
alter table public.user_accounts
  drop constraint user_accounts_password_hash_check,
  add constraint user_accounts_password_hash_check check (
    password_hash like '$argon2id$%' or (password_hash like 'imported$%' and length(password_hash) <= 520));
