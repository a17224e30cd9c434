-- How far the audit trail is verified, and what was found. Signed as the trail is: who may write here can't make it look whole.
create table public.audit_verifications (
  kind           text primary key check (kind in ('seals', 'whole')), -- by the job, seal by seal; by `audit verify`
  checkpoint_id  bigint, -- seals: the last one that was verified, where the next run goes on
  checkpoint_mac bytea check (length(checkpoint_mac) = 32),
  checkpoints    bigint not null check (checkpoints >= 0),
  audit_rows     bigint not null check (audit_rows >= 0),
  verified_at    timestamptz not null,
  fault          text check (length(fault) <= 4000),
  fault_at       timestamptz,
  key_id         text not null,
  mac            bytea not null check (length(mac) = 32),
  check ((fault is null) = (fault_at is null))
);
