import type { Db } from '../../db/types.ts'

export type TeamFilter = { ownerId?: string; isSurplus: boolean }

type ListedTeam = {
  id: string
  name: string | null
  ownerId: string
  ownerEmail: string | null
  plan: string
  active: boolean
  seatLimit: number
  seatsUsed: number
  surplusSince: Date | null
  createdAt: Date
}

/** Teams, newest first. The filter for teams with too few seats has an index of its own. */
export function listTeams(
  sql: Db,
  { ownerId, isSurplus }: TeamFilter,
  limit: number,
  before: string | null,
): Promise<ListedTeam[]> {
  return sql<ListedTeam[]>`
    with page as materialized (
      select id, owner_id, name, created_at, surplus_since from teams
       where true ${isSurplus ? sql`and surplus_since is not null` : sql``} ${ownerId ? sql`and owner_id = ${ownerId}::uuid` : sql``}
         ${before ? sql`and id < ${before}::uuid` : sql``}
       order by id desc limit ${limit})
    select t.id, t.name, t.owner_id, a.email as owner_email, plan_in_force(a.plan, a.plan_ends_at, clock_timestamp()) as plan,
           s.plan <> 'free' as active, seats_of(t.owner_id) as seat_limit,
           (select count(*)::int from team_members m where m.team_id = t.id) as seats_used, t.surplus_since, t.created_at
      from page t join user_accounts a on a.id = t.owner_id cross join lateral shared_plan(t.owner_id, clock_timestamp()) s
     order by t.id desc`
}
