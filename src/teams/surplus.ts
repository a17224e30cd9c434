import { lockPlan } from '../access/hierarchy.ts'
import { account, operator } from '../audit/actor.ts'
import { recordAuthzChanges } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { TeamDeps } from './deps.ts'
import { clearSurplus, deleteMembers, findSurplus, listNewest, markNotified, type Surplus } from './surplus-queries.ts'
import type { TeamConfig } from './variables.ts'

/** Dependencies of the job for surplus seats. */
export type SurplusDeps = Pick<TeamDeps, 'audit' | 'mail'> & { config: TeamConfig }

/**
 * Handles one team that has more people than its plan has seats: notifies its owner and its newest members, or ends
 * their memberships once the grace period is over; they return to their own plan. An inactive team loses no member.
 * @returns how many teams were found: 0 or 1
 */
export async function endSurplusSeats(tx: Tx, deps: SurplusDeps): Promise<number> {
  const found = await findSurplus(tx, deps.config.seatsGraceMs, null)
  if (!found) return 0
  await lockPlan(tx, found.ownerId)
  // Read again under the lock: somebody may have left, or the plan may have changed, meanwhile.
  const team = await findSurplus(tx, deps.config.seatsGraceMs, found.id)
  if (!team) return 1
  const newest = await listNewest(tx, team.id, team.seats)
  if (!team.isActive || newest.length === 0) await clearSurplus(tx, team.id)
  else if (!team.isNotified)
    await notifyPeople(
      tx,
      deps,
      team,
      newest.map(({ id }) => id),
    )
  else
    await remove(
      tx,
      deps,
      team,
      newest.map(({ id }) => id),
    )
  return 1
}

async function notifyPeople(tx: Tx, { mail }: SurplusDeps, team: Surplus, newest: string[]): Promise<void> {
  const until = team.until.toISOString()
  await mail.notify(tx, team.ownerId, 'team-seats', { team: team.name, members: newest.length, until })
  await mail.notifyAll(tx, newest, 'team-seats', { team: team.name, members: null, until })
  await markNotified(tx, team.id)
}

async function remove(tx: Tx, { audit, mail }: SurplusDeps, team: Surplus, newest: string[]): Promise<void> {
  await deleteMembers(tx, newest)
  await recordAuthzChanges(tx, newest)
  for (const id of newest)
    await audit.record(tx, operator, 'team.remove_member', account(id), {
      details: { teamId: team.id, reason: 'seats' },
    })
  await mail.notifyAll(tx, newest, 'team-changed', { team: team.name, change: 'surplus' })
}
