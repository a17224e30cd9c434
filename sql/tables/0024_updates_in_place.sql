-- What each log-in writes is updated in place (HOT): no index holds it, and the page has room for the row's next version. A counter
-- is written twice in a log-in, and cost two new entries of each of its indexes.
drop index public.lockouts_updated; -- read by purge_expired alone, which reads the whole table once a day instead
alter table public.lockouts set (fillfactor = 70);
alter table public.sessions set (fillfactor = 85);
