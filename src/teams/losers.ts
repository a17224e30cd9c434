import { freePlan } from '../access/lapse.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import { teamFeature } from './feature.ts'
import { findOwnTeam, listNewest, type NewMember } from './surplus-queries.ts'
import type { TeamConfig } from './variables.ts'

/** Whom a change of plan costs something, and when. `seat`: they leave the team then; `plan`: they stay in it, on free. */
export type Loser = NewMember & { loses: 'seat' | 'plan'; at: Date }

type Deps = { sql: Sql; config: TeamConfig }

/** A team has so many people at most, whatever the plan says. */
const maxSeats = 500

/**
 * Who of an owner's team would lose what by another plan of the owner, the newest first: nobody where its seats are enough, everybody
 * the plan where it is not shared.
 * @param features what the owner would have
 * @param when the change would be made
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
