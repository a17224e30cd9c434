import type { LockedAccount } from '../access/hierarchy-queries.ts'
import { recordAuthzChanges } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { TeamDeps } from './deps.ts'
import { deleteInvitationsTo } from './invitation-queries.ts'
import { deleteMember, deleteTeamOf } from './queries.ts'

/**
 * Ends the teams of an account that is erased: its own team, whose members return to their own plan and are notified,
 * its membership of another, and invitations to its address. Lock its plan first, and call it before the account is
 * anonymous.
 */
export async function releaseFromTeams(
  tx: Tx,
  { mail }: Pick<TeamDeps, 'mail'>,
  { id, email }: LockedAccount,
): Promise<void> {
  if (email !== null) await deleteInvitationsTo(tx, email)
  const ended = await deleteTeamOf(tx, id)
  if (ended && ended.members.length > 0) {
    await recordAuthzChanges(tx, ended.members)
    await mail.notifyAll(tx, ended.members, 'team-changed', { team: ended.name, change: 'ended' })
  }
  await deleteMember(tx, id)
}
