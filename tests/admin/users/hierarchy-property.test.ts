import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { eraseOther } from '../../../src/account/erasure.ts'
import { setOverride } from '../../../src/admin/grants/overrides.ts'
import { changeRole, createRole, removeRole, setPermissions } from '../../../src/admin/roles/roles.ts'
import { assignRole, changeUser, lock, revokeSessions, unlock } from '../../../src/admin/users/users.ts'
import { grantSubscription } from '../../../src/billing/grants.ts'
import { AppError, type ProblemCode } from '../../../src/errors/app-error.ts'
import { givenAccount } from '../../support/accounts.ts'
import { actingAs } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'

const app = await openTestApp()
const { deps, sql } = app

/** Role, plan and, where it has one, how many seconds from now the plan ends: subscribers by hand, by a plan, and by one that ran out. */
const seats: [role: string, plan?: string, seconds?: number][] = [
  ['superadmin'],
  ['superadmin'],
  ['chief'],
  ['admin'],
  ['admin'],
  ['lead'],
  ['lead'],
  ['clerk'],
  ['clerk', 'business', 86_400],
  ['subscriber'],
  ['subscriber', 'starter', 86_400],
  ['subscriber', 'enterprise'],
  ['subscriber', 'starter', -60],
  ['user'],
  ['user'],
]
const roleNames = ['superadmin', 'chief', 'admin', 'lead', 'clerk', 'helper', 'subscriber', 'user', 'guest']
const permissionNames = ['profile.read', 'users.manage', 'subscriptions.manage', 'settings.manage', 'authz.read']
/** What a refusal may be called. Anything else, a deadlock or a broken constraint too, is a fault. */
const refusals: ProblemCode[] = [
  'not-found',
  'last-superadmin',
  'account-disabled',
  'permission-denied',
  'privilege-escalation',
  'validation-failed',
  'seeded',
  'in-use',
  'already-exists',
]

/**
 * Notes beside each line of the trail, inside the transaction that wrote it, what actor and target really were when it
 * began: an act on authority that is gone shows, whatever the program believed.
 */
await sql`
  create table was (xid xid8 default pg_current_xact_id(), id uuid, role text, status text, plan text, plan_ends_at timestamptz, primary key (xid, id))`
await sql`
  create function remember() returns trigger language plpgsql as $$
  begin
    insert into public.was (id, role, status, plan, plan_ends_at) values (old.id, old.role, old.status, old.plan, old.plan_ends_at) on conflict do nothing;
    return null;
  end $$`
await sql`create trigger remember after update of role, status, plan, plan_ends_at on user_accounts for each row execute function remember()`
await sql`
  create view before_this as
  select stood.id, r.name as role, stood.status, case when stood.role = 'subscriber' and paying then 10 else r.privilege_level end as level, paying,
         array(select permission::text from role_permissions where role = r.name) as permissions
    from (select a.id, coalesce(w.status, a.status) as status, coalesce(w.role, a.role) as role, coalesce(w.plan, a.plan) <> 'free' as on_plan,
                 coalesce(case when w.id is null then a.plan_ends_at else w.plan_ends_at end <= clock_timestamp(), false) as over
            from user_accounts a left join was w on w.id = a.id and w.xid = pg_current_xact_id()) stood
   cross join lateral (select on_plan and not over as paying) clock
    join roles r on r.name = case when over and stood.role = 'subscriber' then 'user' else stood.role end`
await sql`
  create table seen (audit_id uuid, action text, entity text, target uuid, actor uuid, actor_role text, actor_status text, actor_level int,
    actor_permissions text[], target_level int, given_level int, given_permissions text[])`
await sql`
  create function see() returns trigger language plpgsql as $$
  declare
    given text := case when new.action = 'account.change_role' then new.details ->> 'to' when new.entity_type = 'role' then new.entity_id end;
  begin
    insert into seen
    select new.id, new.action, new.entity_type, t.id, a.id, a.role, a.status, a.level, a.permissions, t.level,
           case when given = 'subscriber' and t.paying then 10 else (select privilege_level from roles where name = given) end, array(select permission::text from role_permissions where role = given)
      from before_this a left join before_this t on new.entity_type = 'account' and t.id::text = new.entity_id where a.id = new.actor_id;
    return null;
  end $$`
await sql`create trigger see after insert on audit_logs for each row when (new.action <> 'account.read') execute function see()`
const { id: model } = await givenAccount(app, { role: 'superadmin' })

async function seat(): Promise<string[]> {
  const ids = seats.map(() => Bun.randomUUIDv7())
  await sql`insert into roles (name, privilege_level) values ('chief', 95), ('lead', 80), ('clerk', 40), ('helper', 30) on conflict (name) do update set privilege_level = excluded.privilege_level`
  await sql`delete from role_permissions where role in ('chief', 'lead', 'clerk', 'helper')`
  await sql`insert into role_permissions select 'chief', name from permissions where name <> 'authz.read'`
  await sql`insert into role_permissions select 'lead', unnest('{profile.read,users.manage,settings.manage}'::text[])`
  // Whoever pays may do it, so that their rank alone is what keeps them from others.
  await sql`insert into role_permissions values ('subscriber', 'users.manage') on conflict do nothing`
  await sql`insert into role_permissions select 'clerk', unnest('{profile.read,profile.update,profile.delete,dashboard.read,payments.read,users.manage,subscriptions.manage}'::text[])`
  await sql`
    insert into user_accounts (id, email, password_hash, role)
    select id, id || '@people.test', (select password_hash from user_accounts where id = ${model}), role
      from unnest(${ids}::uuid[], ${seats.map(([role]) => role)}::text[]) s (id, role)`
  await sql`
    insert into user_subscriptions (id, account_id, plan, status, current_period_end)
    select gen_random_uuid(), id, plan, 'active', clock_timestamp() + make_interval(secs => seconds)
      from unnest(${ids}::uuid[], ${seats.map(([, plan = 'free']) => plan)}::text[], ${seats.map(([, , seconds = null]) => seconds)}::float8[]) s (id, plan, seconds)`
  await sql`update user_accounts set role = 'user' where role <> 'user' and not id = any(${ids}::uuid[])`
  await sql`delete from roles where not seeded and name like 'new%'`
  await sql`truncate seen`
  return ids
}

const seatIndex = fc.nat({ max: seats.length - 1 })
const act = fc.record({
  actor: seatIndex,
  target: seatIndex,
  // Role changes most often: they move who may do what.
  kind: fc.constantFrom(
    'role',
    'role',
    'role',
    'lock',
    'unlock',
    'revoke',
    'profile',
    'erase',
    'feature',
    'plan',
    'makeRole',
    'level',
    'permissions',
    'dropRole',
  ),
  role: fc.constantFrom(...roleNames),
  level: fc.nat({ max: 100 }),
  permissions: fc.subarray(permissionNames),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

function perform({ actor, target, kind, role, level, permissions }: Act, ids: string[]): Promise<unknown> {
  const who = actingAs(ids[actor] ?? '')
  const whom = ids[target] ?? ''
  switch (kind) {
    case 'role':
      return assignRole(deps, who, whom, role)
    case 'lock':
      return lock(deps, who, whom, 'asked for')
    case 'unlock':
      return unlock(deps, who, whom)
    case 'revoke':
      return revokeSessions(deps, who, whom)
    case 'profile':
      return changeUser(deps, who, whom, { firstName: `Name ${level}` })
    case 'erase':
      return eraseOther(deps, who, whom)
    case 'feature':
      return setOverride(deps, who, whom, 'sso_oauth', { granted: level % 2 === 0, reason: 'asked for' })
    case 'plan':
      return grantSubscription(deps, who, whom, { plan: level % 2 === 0 ? 'starter' : 'free', reason: 'asked for' })
    case 'makeRole':
      return createRole(deps, who, { name: `new_${level}`, description: '', privilegeLevel: level, permissions })
    case 'level':
      return changeRole(deps, who, role, { privilegeLevel: level })
    case 'permissions':
      return setPermissions(deps, who, role, permissions)
    default:
      return removeRole(deps, who, `new_${level}`)
  }
}

async function checkInvariants(): Promise<void> {
  const wrong = await sql`
    select * from seen where actor_status <> 'active' or case entity
        when 'role' then not 'settings.manage' = any(actor_permissions) else not actor_permissions && '{users.manage,subscriptions.manage}' end
      or actor_role <> 'superadmin' and (actor = target or target_level >= actor_level or given_level >= actor_level or not given_permissions <@ actor_permissions)`
  expect(wrong).toEqual([] as never)
  const [state] = await sql`
    select (select count(*)::int from user_accounts where role = 'superadmin' and status = 'active') > 0 as governed,
           (select count(*)::int from role_permissions where role = 'superadmin') = (select count(*)::int from permissions) as able,
           array(select name || ' ' || privilege_level from roles where seeded order by privilege_level) as seeded,
           -- The feed tells the whole truth: the newest row of each account that has one is what the tables say.
           (select count(*)::int from account_authz z join lateral (
              select * from authz_changes c where c.account_id = z.id order by version desc limit 1) last on true
             where (z.authz_version, z.role, z.status, z.plan, z.pex, z.overrides) is distinct from
                   (last.version, last.role, last.status, last.plan, last.pex, last.overrides) and last.id > ${feedFrom}::bigint) as untold,
           (select count(*)::int from (select account_id from user_subscriptions where ended_at is null group by 1 having count(*) > 1) twice) as doubled`
  expect(state).toEqual({
    governed: true,
    able: true,
    seeded: ['guest 0', 'user 10', 'subscriber 50', 'admin 90', 'superadmin 100'],
    untold: 0,
    doubled: 0,
  })
}
let feedFrom = '0'

test('whatever people try at the same time, nobody reaches a level that is not theirs to touch', async () => {
  let done = 0
  const batches = fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { minLength: 6, maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(batches, async (sequence) => {
      const ids = await seat()
      const [row] = await sql<{ id: string }[]>`select coalesce(max(id), 0)::text as id from authz_changes`
      feedFrom = row?.id ?? '0'
      for (const batch of sequence) {
        const outcomes = await Promise.allSettled(batch.map((one) => perform(one, ids)))
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') done += 1
          else if (!(outcome.reason instanceof AppError) || !refusals.includes(outcome.reason.code))
            throw outcome.reason
        }
        await checkInvariants()
      }
    }),
    { numRuns: 40, endOnFailure: true },
  )
  // Enough was allowed for the invariants to mean something.
  expect(done).toBeGreaterThan(150)
})
