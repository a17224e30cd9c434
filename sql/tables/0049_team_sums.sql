-- Teams by day and the plan that their owners share, for analytics: kept as changes, so that no report and no job reads all teams
-- (sql/functions/team-sums.sql). Under free: teams that sleep.
create table public.team_sums (
  day   date not null, -- UTC, on which it was counted
  plan  public.slug not null,
  teams bigint not null, -- how many more than the day before, and so on
  seats bigint not null,
  used  bigint not null, -- owners and members
  primary key (day, plan)
);

-- What of a team is in the sums. Without a reference: what of a team that ended is counted is taken away by the job.
create table public.counted_teams (
  team_id uuid primary key,
  plan    public.slug not null,
  seats   integer not null,
  used    integer not null
);

-- Teams that are counted again. Only ever inserted: nobody waits for a count. Null: all of them, after an edit of the catalogue.
create table public.team_changes (team_id uuid);
insert into public.team_changes (team_id) values (null);
