-- The catalogue as it is on the first day. Idempotent: what exists, and what an administrator edited since, is left alone.

insert into permissions (name, description) values
  ('profile.read', 'Read one''s own profile'),
  ('profile.update', 'Change one''s own profile'),
  ('profile.delete', 'Erase one''s own account'),
  ('dashboard.read', 'Open the dashboard'),
  ('payments.read', 'Read one''s own payments'),
  ('users.manage', 'Find, change, lock and delete accounts'),
  ('subscriptions.manage', 'Grant plans and feature overrides'),
  ('analytics.read', 'Read analytics'),
  ('features.manage', 'Change plans and features'),
  ('audit.read', 'Read everybody''s audit trail'),
  ('settings.manage', 'Change roles and their permissions'),
  ('authz.read', 'Follow changes of authorisation (for services)')
on conflict do nothing;

with fresh as (
  insert into roles (name, description, privilege_level, seeded) values
    ('guest', 'Looks around', 0, true),
    ('user', 'A person with an account', 10, true),
    ('subscriber', 'A person with a paid or trial plan', 50, true),
    ('admin', 'Runs the service', 90, true),
    ('superadmin', 'Owns the service', 100, true)
  on conflict do nothing returning name)
insert into role_permissions (role, permission)
select fresh.name, p.name
  from fresh
  join permissions p on p.name = any (case fresh.name
    when 'guest' then array['profile.read']
    when 'user' then array['profile.read', 'profile.update', 'profile.delete', 'dashboard.read', 'payments.read']
    when 'subscriber' then array['profile.read', 'profile.update', 'profile.delete', 'dashboard.read', 'payments.read']
    when 'admin' then array['profile.read', 'profile.update', 'profile.delete', 'dashboard.read', 'payments.read',
                            'users.manage', 'subscriptions.manage', 'analytics.read', 'audit.read']
    else array(select name::text from permissions) end)
on conflict do nothing;

insert into features (name, display_name, description, category) values
  ('premium_dashboard', 'Premium dashboard', 'Insights over the last 30 days', 'analytics'),
  ('advanced_reporting', 'Advanced reporting', 'Usage reports by day, week and route', 'analytics'),
  ('api_access', 'API access', 'Personal API keys', 'integrations'),
  ('webhook_support', 'Webhooks', 'Events delivered to your own endpoints', 'integrations'),
  ('sso_oauth', 'Single sign-on', 'Sign in with your organisation''s identity provider', 'authentication'),
  ('custom_branding', 'Custom branding', 'Your own logo and colours', 'platform'),
  ('unlimited_storage', 'Unlimited storage', 'No cap on stored files', 'platform'),
  ('white_label', 'White label', 'The product under your own name', 'platform'),
  ('priority_support', 'Priority support', 'Answers before the queue', 'support'),
  ('phone_support', 'Phone support', 'A person on the telephone', 'support'),
  ('data_export', 'Data export', 'Exports as CSV', 'data'),
  ('audit_logs', 'Audit trail', 'Read your account''s own audit trail', 'security'),
  ('ip_whitelisting', 'IP allow-list', 'Restrict API keys to address ranges', 'security'),
  ('team_collaboration', 'Team collaboration', 'Work together in one account', 'team')
on conflict do nothing;

with fresh as (
  insert into subscription_plans (name, display_name, description, tier, price_monthly_minor, price_yearly_minor, trial_days, featured,
                                  max_users, max_api_requests_per_month, max_storage_gb, api_requests_per_minute, seeded) values
    ('free', 'Free', 'For trying things out', 1, 0, 0, 0, false, 1, 100, 1, 60, true),
    ('starter', 'Starter', 'For one person', 10, 999, 9990, 14, false, 1, 10000, 10, 300, true),
    ('professional', 'Professional', 'For a practice', 50, 2999, 29990, 14, true, 10, 100000, 100, 600, true),
    ('business', 'Business', 'For a clinic', 70, 9999, 99990, 14, false, 50, 1000000, 500, 1200, true),
    ('enterprise', 'Enterprise', 'For an organisation, by quote', 100, null, null, 30, false, null, null, null, 3000, true)
  on conflict do nothing returning name, tier),
-- From this tier on. A limit is a number of uses; null: as many as one likes. A higher tier's line for a feature wins.
steps (tier, feature, limit_value) as (values
  (1, 'api_access', null::bigint),
  (10, 'data_export', null), (10, 'priority_support', null),
  (50, 'webhook_support', null), (50, 'premium_dashboard', null), (50, 'advanced_reporting', null), (50, 'team_collaboration', null),
  (70, 'sso_oauth', null), (70, 'phone_support', null), (70, 'audit_logs', null), (70, 'ip_whitelisting', null), (70, 'custom_branding', null),
  (100, 'unlimited_storage', null), (100, 'white_label', null))
insert into plan_features (plan, feature, limit_value)
select distinct on (fresh.name, steps.feature) fresh.name, steps.feature, steps.limit_value
  from fresh join steps on steps.tier <= fresh.tier
 order by fresh.name, steps.feature, steps.tier desc
on conflict do nothing;
