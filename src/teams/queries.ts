import type { Db } from '../db/types.ts'

/** Deletes an account's team. @returns its other members, by id */
export async function deleteTeamOf(sql: Db, ownerId: string): Promise<string[]> {
  const rows = await sql<{ accountId: string }[]>`
    with gone as (delete from teams where owner_id = ${ownerId} returning id)
    select account_id from team_members where team_id in (select id from gone) and account_id <> ${ownerId} order by account_id`
  return rows.map(({ accountId }) => accountId)
}

/** Ends a membership. @returns whether there was one */
export async function leaveTeam(sql: Db, accountId: string): Promise<boolean> {
  const rows = await sql`delete from team_members where account_id = ${accountId} returning 1`
  return rows.length === 1
}

export async function deleteInvitationsTo(sql: Db, email: string): Promise<void> {
  await sql`delete from team_invitations where email = ${email}`
}
