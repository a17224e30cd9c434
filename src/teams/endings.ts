import type { LockedAccount } from '../access/hierarchy-queries.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { deleteInvitationsTo, deleteTeamOf, leaveTeam } from './queries.ts'

/**
 * Ends what an account that is erased has to do with teams: the team that it owns, whose members have their own plan again, its
 * membership of another, and invitations to its address. Lock its plan first, and call it before the account is anonymous.
 * @returns who was in the team that ended
 */
export async function releaseFromTeams(tx: Tx, { id, email }: LockedAccount): Promise<string[]> {
  if (email !== null) await deleteInvitationsTo(tx, email)
  const members = await deleteTeamOf(tx, id)
  for (const accountId of members) await recordAuthzChange(tx, { accountId })
  await leaveTeam(tx, id)
  return members
}
