-- Since when a team has had more people than its plan has seats, and whether they were told: the newest of them leave when the days of
-- SEATS_GRACE_DAYS have passed. Null: there are seats enough.
alter table public.teams add column surplus_since timestamptz, add column surplus_told boolean not null default false,
  add constraint teams_told_of_surplus check (surplus_since is not null or not surplus_told);
create index teams_surplus on public.teams (surplus_since) where surplus_since is not null;
