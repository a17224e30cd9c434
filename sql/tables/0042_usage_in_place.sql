-- Counted use is added to the same rows all day. No index holds the count, and a page now has room for the rows' next versions: they are
-- updated in place (HOT) instead of with two entries of indexes each.
alter table public.usage_daily set (fillfactor = 70);
