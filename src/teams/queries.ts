import type { Db } from '../db/types.ts'

/** A team in the form that its members see. */
export type TeamView = {
  id: string | null
  name: string | null
  role: 'owner' | 'member'
  ownerId: string
  seats: { limit: number; used: number }
  active: boolean
  createdAt: Date | null
  joinedAt: Date | null
}

type TeamRow = Omit<TeamView, 'seats'> & { id: string; seatLimit: number; seatsUsed: number }

/** The team that an account is in. */
export async function findTeamOf(sql: Db, accountId: string): Promise<(TeamView & { id: string }) | null> {
  const [row] = await sql<TeamRow[]>`
    select t.id, t.name, case when t.owner_id = m.account_id then 'owner' else 'member' end as role, t.owner_id, t.created_at, m.joined_at,
           seats_of(t.owner_id) as seat_limit, (select count(*)::int from team_members where team_id = t.id) as seats_used,
           (select s.plan <> 'free' from shared_plan(t.owner_id, clock_timestamp()) s) as active
      from team_members m join teams t on t.id = m.team_id where m.account_id = ${accountId}`
  if (!row) return null
  const { seatLimit, seatsUsed, ...team } = row
  return { ...team, seats: { limit: seatLimit, used: seatsUsed } }
}

/** The seats of a team and how many are taken. */
export async function findSeats(sql: Db, teamId: string): Promise<{ limit: number; used: number }> {
  const [row] = await sql<{ limit: number; used: number }[]>`
    select seats_of(owner_id) as "limit", (select count(*)::int from team_members where team_id = t.id) as used from teams t where id = ${teamId}`
  return row ?? { limit: 0, used: 0 }
}

/** The most people of a team of this account. */
export async function findSeatLimit(sql: Db, ownerId: string): Promise<number> {
  const [row] = await sql<{ seats: number }[]>`select coalesce(seats_of(${ownerId}), 1) as seats`
  return row?.seats ?? 1
}

export type TeamKey = { id: string; ownerId: string }

/** The team of an account; null where it is in none. Locks nothing. */
export async function findMembership(sql: Db, accountId: string): Promise<TeamKey | null> {
  const [row] = await sql<TeamKey[]>`
    select t.id, t.owner_id from team_members m join teams t on t.id = m.team_id where m.account_id = ${accountId}`
  return row ?? null
}

/** Locks teams in the order of their ids. @returns those that still exist */
export function lockTeamRows(tx: Db, ids: string[]): Promise<TeamKey[]> {
  return tx<TeamKey[]>`select id, owner_id from teams where id = any(${ids}::uuid[]) order by id for no key update`
}

/** Locks the team that an account owns; null where it owns none. */
export async function lockOwnedTeam(tx: Db, ownerId: string): Promise<{ id: string; name: string | null } | null> {
  const [row] = await tx<{ id: string; name: string | null }[]>`
    select id, name from teams where owner_id = ${ownerId} for no key update`
  return row ?? null
}

/**
 * Makes the team of an active account without one, with its membership. Waits for a concurrent erasure. @returns false
 * where nothing was made
 */
export async function insertTeam(sql: Db, id: string, ownerId: string): Promise<boolean> {
  const rows = await sql`
    with owner as materialized (select id from user_accounts where id = ${ownerId} and status = 'active' for share)
    insert into teams (id, owner_id) select ${id}::uuid, owner.id from owner on conflict (owner_id) do nothing returning 1`
  if (rows.length === 1) await insertMember(sql, id, ownerId)
  return rows.length === 1
}

/** Adds a member to a team. The primary key refuses an account that is in a team; a trigger checks the seats. */
export async function insertMember(sql: Db, teamId: string, accountId: string): Promise<void> {
  await sql`insert into team_members (account_id, team_id) values (${accountId}, ${teamId})`
}

/** Sets the name of a team, which the caller has locked. */
export async function updateName(sql: Db, teamId: string, name: string | null): Promise<void> {
  await sql`update teams set name = ${name} where id = ${teamId}`
}

/** Deletes the team of an owner. @returns its other members, by id */
export async function deleteTeamOf(
  sql: Db,
  ownerId: string,
): Promise<{ name: string | null; members: string[] } | null> {
  const [row] = await sql<{ name: string | null; members: string[] }[]>`
    with gone as (delete from teams where owner_id = ${ownerId} returning id, name)
    select gone.name, array(select account_id from team_members where team_id = gone.id and account_id <> ${ownerId} order by account_id) as members
      from gone`
  return row ?? null
}

/** Deletes a membership. @returns whether there was one */
export async function deleteMember(sql: Db, accountId: string): Promise<boolean> {
  const rows = await sql`delete from team_members where account_id = ${accountId} returning 1`
  return rows.length === 1
}
