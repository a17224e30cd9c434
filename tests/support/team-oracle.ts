import type { Db } from '../../src/db/types.ts'

/** A model of people and teams in the plainest form, without the triggers' results. */
type TeamWorld = {
  statusOf: Record<string, string>
  /** The own subscription, by the clock. */
  ownPlanOf: Record<string, string>
  /** The owner of the team that each person is in. */
  ownerOf: Record<string, string>
  /** Plans that are shared. */
  shared: Set<string>
}

export async function readTeamWorld(sql: Db, ids: string[]): Promise<TeamWorld> {
  const rows = await sql<{ id: string; status: string; plan: string | null; ownerId: string | null }[]>`
    select a.id, a.status, t.owner_id,
           (select s.plan from user_subscriptions s
             where s.account_id = a.id and s.ended_at is null and coalesce(s.current_period_end > clock_timestamp(), true)) as plan
      from user_accounts a left join team_members m on m.account_id = a.id left join teams t on t.id = m.team_id
     where a.id = any(${ids}::uuid[])`
  const plans = await sql<{ plan: string }[]>`select plan from plan_features where feature = 'team_collaboration'`
  return {
    statusOf: Object.fromEntries(rows.map(({ id, status }) => [id, status])),
    ownPlanOf: Object.fromEntries(rows.map(({ id, plan }) => [id, plan ?? 'free'])),
    ownerOf: Object.fromEntries(rows.flatMap(({ id, ownerId }) => (ownerId === null ? [] : [[id, ownerId]]))),
    shared: new Set(plans.map(({ plan }) => plan)),
  }
}

/** The plan of a person's next request; locked and erased people are refused. */
export function planOf({ statusOf, ownPlanOf, ownerOf, shared }: TeamWorld, id: string): string {
  if (statusOf[id] !== 'active') return 'refused'
  const owner = ownerOf[id]
  if (owner === undefined || owner === id) return ownPlanOf[id] ?? 'free'
  const plan = ownPlanOf[owner] ?? 'free'
  return shared.has(plan) ? plan : 'free'
}
