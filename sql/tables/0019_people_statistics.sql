-- A search of people by text, role and plan at once is planned from a sample of each column. Ten times the usual sample keeps
-- the planner from walking an order of the whole table for a few rows.
alter table public.user_accounts
  alter column search_text set statistics 1000,
  alter column email set statistics 1000,
  alter column role set statistics 1000,
  alter column plan set statistics 1000;
