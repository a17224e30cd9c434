import type { Actor } from '../access/actor.ts'
import { requireFeatures } from '../access/feature-guards.ts'
import { lockAccount } from '../access/hierarchy.ts'
import type { Principal } from '../access/principal.ts'
import { account, team as teamEntity } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { type Page, readPage } from '../http/output/page.ts'
import type { TeamDeps } from './deps.ts'
import { teamFeature } from './feature.ts'
import { findPlace, listMembers, type Member } from './member-queries.ts'
import { deleteMember, deleteTeamOf, findMembership, findTeamOf, lockTeamRows, type TeamKey } from './queries.ts'

/**
 * The members of the person's team in the order of joining; only the owner sees addresses. @throws AppError as readTeam
 */
export async function readMembers(
  { sql, catalogue }: TeamDeps,
  principal: Principal,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<Member>> {
  const team = await findMembership(sql, principal.accountId)
  if (!team) requireFeatures(catalogue.current, principal, [teamFeature])
  const isOwner = team?.ownerId === principal.accountId
  const { items, nextCursor } = await readPage(
    query,
    ['date', 'uuid'],
    ({ limit, after }) => (team ? listMembers(sql, team.id, limit, after) : []),
    ({ joinedAtText, id }) => [joinedAtText, id],
  )
  return {
    items: items.map(({ joinedAtText: _, email, ...member }) => ({ ...member, email: isOwner ? email : null })),
    nextCursor,
  }
}

/**
 * Ends a membership: the owner may end anybody's, a member their own. The person returns to their own plan from the
 * next request on. The owner leaves last, which ends the team.
 * @throws AppError `not-found` where the person is in no team, or the member not in this one; `team-owner-only`,
 *   `team-not-empty`
 */
export async function removeMember(deps: TeamDeps, actor: Actor, memberId: string): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    const team = await lockOwnPlace(tx, accountId)
    const { isIn, others } = await findPlace(tx, team.id, memberId)
    if (!isIn) throw new AppError('not-found')
    if (memberId === team.ownerId && accountId === memberId) return endEmptyTeam(tx, deps, actor, { ...team, others })
    if (accountId !== team.ownerId && accountId !== memberId) throw new AppError('team-owner-only')
    await endMembership(tx, deps, actor, team, memberId)
  })
}

/** Locks the team that an account is in. @throws AppError `not-found` where it is in none */
async function lockOwnPlace(tx: Tx, accountId: string): Promise<TeamKey> {
  const known = await findMembership(tx, accountId)
  const [team] = known ? await lockTeamRows(tx, [known.id]) : []
  // Read again under the lock: the membership may have ended meanwhile.
  if (!team || (await findMembership(tx, accountId))?.id !== team.id) throw new AppError('not-found')
  return team
}

async function endMembership(tx: Tx, deps: TeamDeps, actor: Actor, team: TeamKey, memberId: string): Promise<void> {
  await lockAccount(tx, memberId)
  const name = (await findTeamOf(tx, memberId))?.name ?? null
  if (!(await deleteMember(tx, memberId))) throw new AppError('not-found')
  await recordAuthzChange(tx, { accountId: memberId })
  const isOwn = actor.principal.accountId === memberId
  await deps.audit.record(tx, actor, isOwn ? 'team.leave' : 'team.remove_member', account(memberId), {
    details: { teamId: team.id },
  })
  await deps.mail.notify(tx, memberId, 'team-changed', { team: name, change: isOwn ? 'left' : 'removed' })
}

async function endEmptyTeam(
  tx: Tx,
  deps: TeamDeps,
  actor: Actor,
  { id, ownerId, others }: TeamKey & { others: number },
): Promise<void> {
  if (others > 0) throw new AppError('team-not-empty')
  await lockAccount(tx, ownerId)
  await deleteTeamOf(tx, ownerId)
  await deps.audit.record(tx, actor, 'team.delete', teamEntity(id), { subjectId: ownerId })
}
