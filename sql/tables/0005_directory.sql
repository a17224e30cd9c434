-- People on a plan: kept beside the account by the database itself, so that an index finds the page of a rare plan too.

alter table user_accounts
  add column plan text not null default 'free', -- of the current subscription, as stored …
  add column plan_ends_at timestamptz;          -- … and when its rights lapse
update user_accounts a set plan = s.plan, plan_ends_at = s.current_period_end from user_subscriptions s
 where s.account_id = a.id and s.ended_at is null and (s.plan <> 'free' or s.current_period_end is not null);
create index user_accounts_plan on user_accounts (plan, created_at, id);

create function keep_plan() returns trigger language plpgsql as $$
begin
  update user_accounts set plan = new.plan, plan_ends_at = new.current_period_end
   where id = new.account_id and (plan, plan_ends_at) is distinct from (new.plan, new.current_period_end);
  return null;
end $$;
create trigger keep_plan after insert or update of plan, current_period_end, ended_at on user_subscriptions for each row
  when (new.ended_at is null) execute function keep_plan();
