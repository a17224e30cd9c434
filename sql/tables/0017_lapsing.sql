-- Whose plan runs out, by when: lists and searches find those that have by now, though no job has seen it.
create index user_accounts_lapsing on public.user_accounts (plan_ends_at) where plan_ends_at is not null;

-- Role and plan go together (whoever has a plan is a subscriber): told so, the planner does not look for a page of the few
-- others among everybody.
create statistics public.user_accounts_role_plan (mcv) on role, plan from public.user_accounts;
