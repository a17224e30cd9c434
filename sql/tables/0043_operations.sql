-- How often a plan lacked a feature that somebody asked for, by day. Written from memory every 5 s; of no account.
create table public.feature_denials (
  day     date not null, -- UTC
  feature text not null check (length(feature) <= 64),
  denials bigint not null check (denials > 0),
  primary key (day, feature)
) with (fillfactor = 50);

-- The instances that serve, each by its own word, every 10 s. Unlogged: after a crash of the database they say it again.
create unlogged table public.instances (
  id                uuid primary key,
  host              text not null check (length(host) <= 255),
  version           text not null check (length(version) <= 100),
  commit_id         text not null check (length(commit_id) <= 100),
  started_at        timestamptz not null,
  seen_at           timestamptz not null default clock_timestamp(),
  status            text not null check (status in ('ok', 'degraded', 'failing', 'draining')),
  feed_age_ms       integer not null,
  catalogue_version integer not null,
  memory_bytes      bigint not null
) with (fillfactor = 50);
