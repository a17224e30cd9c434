import type { Db } from '../db/types.ts'

/** A team with more people than seats. `until`: when its newest members leave. */
export type Surplus = {
  id: string
  ownerId: string
  name: string | null
  seats: number
  until: Date
  isNotified: boolean
  isActive: boolean
}

/**
 * The team `teamId`; null: the one with a surplus for longest that was not notified yet, or whose grace period is over.
 */
export async function findSurplus(sql: Db, graceMs: number, teamId: string | null): Promise<Surplus | null> {
  const [row] = await sql<Surplus[]>`
    select t.id, t.owner_id, t.name, seats_of(t.owner_id) as seats, t.surplus_since + make_interval(secs => ${graceMs / 1000}) as until,
           t.surplus_told as is_notified, (select s.plan <> 'free' from shared_plan(t.owner_id, clock_timestamp()) s) as is_active
      from teams t
     where t.surplus_since is not null and (not t.surplus_told or t.surplus_since <= clock_timestamp() - make_interval(secs => ${graceMs / 1000}))
       and (${teamId}::uuid is null or t.id = ${teamId}::uuid)
     order by t.surplus_since, t.id limit 1`
  return row ?? null
}

export type NewMember = { id: string; firstName: string | null; lastName: string | null; joinedAt: Date }

/** The members of a team beyond so many seats, newest first; never its owner. */
export function listNewest(sql: Db, teamId: string, seats: number): Promise<NewMember[]> {
  return sql<NewMember[]>`
    select a.id, a.first_name, a.last_name, m.joined_at
      from team_members m join teams t on t.id = m.team_id join user_accounts a on a.id = m.account_id
     where m.team_id = ${teamId} and m.account_id <> t.owner_id
     order by m.joined_at desc, m.account_id desc
     limit greatest((select count(*) from team_members where team_id = ${teamId}) - ${seats}::int, 0)`
}

/** The team that an account owns, with the beginning of its surplus; null where it owns none. */
export async function findOwnTeam(sql: Db, ownerId: string): Promise<{ id: string; surplusSince: Date | null } | null> {
  const [row] = await sql<{ id: string; surplusSince: Date | null }[]>`
    select id, surplus_since from teams where owner_id = ${ownerId}`
  return row ?? null
}

/** Records that owner and members were notified of the surplus. */
export async function markNotified(sql: Db, teamId: string): Promise<void> {
  await sql`update teams set surplus_told = true where id = ${teamId}`
}

/** Clears the surplus: the team has enough seats, or no plan. */
export async function clearSurplus(sql: Db, teamId: string): Promise<void> {
  await sql`update teams set surplus_since = null, surplus_told = false where id = ${teamId}`
}

/** Deletes memberships. The caller has locked the team. */
export async function deleteMembers(sql: Db, accountIds: string[]): Promise<void> {
  await sql`delete from team_members where account_id = any(${accountIds}::uuid[])`
}

/**
 * The number of teams with a surplus, and of accounts whose plan the job must still change, with the age of the oldest.
 */
export async function findTeamFigures(sql: Db): Promise<{ surplus: number; unsettled: number; oldestSeconds: number }> {
  const [row] = await sql<{ surplus: number; unsettled: number; oldestSeconds: number }[]>`
    select (select count(*)::int from teams where surplus_since is not null) as surplus, count(*)::int as unsettled,
           coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::float8 as oldest_seconds
      from unsettled_teams`
  return row ?? { surplus: 0, unsettled: 0, oldestSeconds: 0 }
}
