import type { Actor } from '../access/actor.ts'
import { lockAccount } from '../access/hierarchy.ts'
import { account } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import { hashToken } from '../crypto/hash.ts'
import { isRestricted, isUniqueViolation } from '../db/database.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { TeamDeps } from './deps.ts'
import { findInvitingTeam, takeInvitation } from './invitation-queries.ts'
import { seatsExhausted } from './invitations.ts'
import { findMembership, findSeats, findTeamOf, insertMember, lockTeamRows } from './queries.ts'

/**
 * Joins a team by the link of an invitation. The owner's plan applies from the next request on. A failed attempt does
 * not use the link up.
 * @throws AppError `invalid-link` for a token that is wrong, used, expired or void, and where the invited address is
 *   not the person's verified one; `already-in-team`, `already-subscribed` (a plan of their own is running),
 *   `seats-exhausted`
 */
export async function acceptTeam(deps: TeamDeps, actor: Actor, token: string): Promise<void> {
  const hash = hashToken(token)
  const { accountId } = actor.principal
  const teamId = await findInvitingTeam(deps.sql, hash, accountId)
  if (teamId === null) throw new AppError('invalid-link')
  try {
    await deps.sql.begin((tx) => join(tx, deps, actor, { teamId, hash }))
  } catch (error) {
    if (isRestricted(error, 'team_seats')) throw await noSeatIn(deps, teamId)
    throw refusalOf(error)
  }
}

async function join(
  tx: Tx,
  deps: TeamDeps,
  actor: Actor,
  { teamId, hash }: { teamId: string; hash: Buffer },
): Promise<void> {
  const { accountId } = actor.principal
  await lockTeamRows(tx, [teamId])
  await lockAccount(tx, accountId)
  if (!(await takeInvitation(tx, hash, accountId))) throw new AppError('invalid-link')
  // Checked before the seats; the primary key of team_members decides races.
  if (await findMembership(tx, accountId)) throw new AppError('already-in-team')
  await insertMember(tx, teamId, accountId)
  await recordAuthzChange(tx, { accountId })
  await deps.audit.record(tx, actor, 'team.join', account(accountId), { details: { teamId } })
  const team = await findTeamOf(tx, accountId)
  await deps.mail.notify(tx, accountId, 'team-changed', { team: team?.name ?? null, change: 'joined' })
}

function refusalOf(error: unknown): unknown {
  if (isUniqueViolation(error, 'team_members_pkey')) return new AppError('already-in-team', { cause: error })
  if (isRestricted(error, 'members_have_no_plan'))
    return new AppError('already-subscribed', {
      detail: 'You have a plan of your own. Cancel it first, or wait until it ends.',
      cause: error,
    })
  return error
}

async function noSeatIn({ sql, catalogue }: TeamDeps, teamId: string): Promise<AppError> {
  return seatsExhausted(catalogue.current, await findSeats(sql, teamId))
}
