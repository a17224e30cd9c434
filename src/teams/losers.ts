import { freePlan } from '../access/lapse.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import { teamFeature } from './feature.ts'
import { findOwnTeam, listNewest, type NewMember } from './surplus-queries.ts'
import type { TeamConfig } from './variables.ts'

/**
 * A member who loses something by a change of plan, and when. `seat`: leaves the team; `plan`: stays in it, on free.
 */
type Loser = NewMember & { loses: 'seat' | 'plan'; at: Date }

type Deps = { sql: Sql; config: TeamConfig }

/** The most people of a team, whatever the plan. */
const maxSeats = 500

/**
 * The members of an owner's team who would lose something by another plan of the owner, newest first: none where its
 * seats are enough; all of them where the plan is not shared.
 * @param features of the new plan
 * @param when the time of the change
 */
export async function listLosers(
  { sql, config }: Deps,
  ownerId: string,
  plan: Plan,
  features: readonly string[],
  when: Date,
): Promise<Loser[]> {
  const team = await findOwnTeam(sql, ownerId)
  if (!team) return []
  const isShared = plan.name !== freePlan && features.includes(teamFeature)
  if (!isShared) return (await listNewest(sql, team.id, 1)).map((member) => ({ ...member, loses: 'plan', at: when }))
  const seats = Math.min(plan.limits.maxUsers ?? maxSeats, maxSeats)
  const end = (team.surplusSince?.getTime() ?? when.getTime()) + config.seatsGraceMs
  const at = new Date(Math.max(end, when.getTime()))
  return (await listNewest(sql, team.id, seats)).map((member) => ({ ...member, loses: 'seat', at }))
}
