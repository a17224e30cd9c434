import type { Actor } from '../access/actor.ts'
import { requireFeatures } from '../access/feature-guards.ts'
import type { Principal } from '../access/principal.ts'
import { team as entity } from '../audit/actor.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Db, Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { TeamDeps } from './deps.ts'
import { teamFeature } from './feature.ts'
import {
  findMembership,
  findSeatLimit,
  findTeamOf,
  insertTeam,
  lockOwnedTeam,
  type TeamKey,
  type TeamView,
  updateName,
} from './queries.ts'
import type { TeamPatch } from './schemas.ts'

/**
 * The person's team, or the empty team of a person with the feature and without a team.
 * @throws AppError `feature-not-in-plan` for a person without both
 */
export async function readTeam(deps: TeamDeps, principal: Principal): Promise<TeamView> {
  const found = await findTeamOf(deps.sql, principal.accountId)
  if (found) return found
  requireFeatures(deps.catalogue.current, principal, [teamFeature])
  return emptyTeam(deps.sql, principal.accountId)
}

/** readTeam for any account; also the empty team of an account without the feature. */
export async function readTeamOf(sql: Db, accountId: string): Promise<TeamView> {
  return (await findTeamOf(sql, accountId)) ?? emptyTeam(sql, accountId)
}

async function emptyTeam(sql: Db, ownerId: string): Promise<TeamView> {
  const limit = await findSeatLimit(sql, ownerId)
  return {
    id: null,
    name: null,
    role: 'owner',
    ownerId,
    seats: { limit, used: 1 },
    active: false,
    createdAt: null,
    joinedAt: null,
  }
}

/**
 * Sets the team's name, and makes the team where there is none. @throws AppError `team-owner-only`, `account-disabled`
 */
export async function renameTeam(deps: TeamDeps, actor: Actor, { name }: TeamPatch): Promise<TeamView> {
  return deps.sql.begin(async (tx) => {
    const { accountId } = actor.principal
    if (name === undefined) {
      const membership = await findMembership(tx, accountId)
      if (membership && membership.ownerId !== accountId) throw new AppError('team-owner-only')
    } else {
      const own = await openOwnTeam(tx, deps, actor)
      if (own.name !== name) {
        await updateName(tx, own.id, name)
        const values = { before: { name: own.name }, after: { name } }
        await deps.audit.record(tx, actor, 'team.update', entity(own.id), { subjectId: accountId, ...values })
      }
    }
    return readTeamOf(tx, accountId)
  })
}

/**
 * Locks the person's team, which is made where they are in none.
 * @throws AppError `team-owner-only` for a member of another team, `account-disabled` where the account was erased or
 *   locked meanwhile
 */
export async function openOwnTeam(tx: Tx, deps: TeamDeps, actor: Actor): Promise<{ id: string; name: string | null }> {
  const { accountId } = actor.principal
  const found = await lockOwnedTeam(tx, accountId)
  if (found) return found
  const id = Bun.randomUUIDv7()
  try {
    if (await insertTeam(tx, id, accountId)) {
      await deps.audit.record(tx, actor, 'team.create', entity(id), { subjectId: accountId })
      return { id, name: null }
    }
  } catch (error) {
    if (isUniqueViolation(error, 'team_members_pkey')) throw new AppError('team-owner-only', { cause: error })
    throw error
  }
  // A concurrent request of the account made the team; otherwise the account is no longer active.
  const made = await lockOwnedTeam(tx, accountId)
  if (!made) throw new AppError('account-disabled')
  return made
}

/** The team that the person owns. @throws AppError `team-owner-only` for a member; otherwise as readTeam */
export async function requireOwned(deps: TeamDeps, principal: Principal): Promise<TeamKey | null> {
  const team = await findMembership(deps.sql, principal.accountId)
  if (team && team.ownerId !== principal.accountId) throw new AppError('team-owner-only')
  if (!team) requireFeatures(deps.catalogue.current, principal, [teamFeature])
  return team
}
