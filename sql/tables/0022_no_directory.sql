-- No code reads this copy of the accounts, and refreshing it reads all of them: lists of people read user_accounts by its indexes.
drop materialized view public.account_directory;
