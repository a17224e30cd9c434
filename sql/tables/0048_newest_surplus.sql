-- The list of teams that have too few seats, newest first: a page of it costs a page, however many they are.
create index teams_surplus_newest on public.teams (id desc) where surplus_since is not null;
