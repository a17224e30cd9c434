-- Addresses in one spelling. IDNA is nothing that SQL can map: src/address-migration.ts rewrites the rows in this transaction, and
-- stops it, naming the accounts, where two of them would come to have one address.
comment on column user_accounts.email is 'canonical, as src/email-address.ts writes it: NFKC, lower-case, the domain in U-labels; null once erased';
