import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/principal.ts'
import { linkUrl, mintToken } from '../account-links/links.ts'
import { team as entity } from '../audit/actor.ts'
import { type Catalogue, upgradeForSeats } from '../catalogue/catalogue.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { TeamDeps } from './deps.ts'
import { teamFeature } from './feature.ts'
import {
  findRoom,
  type Invitation,
  listInvitations,
  type Room,
  revokeInvitation,
  upsertInvitation,
} from './invitation-queries.ts'
import { lockOwnedTeam } from './queries.ts'
import { openOwnTeam, requireOwned } from './team.ts'

/** Hours for which an invitation can be accepted: 7 days. */
const validHours = 168
/** The most mails of one team to an address while its invitation exists. */
const maxMailsPerAddress = 3
/**
 * The most open invitations for each seat, and the most together with revoked ones, which count until they would have
 * expired.
 */
const [maxOpenPerSeat, maxStoredPerSeat] = [3, 6]

/** The error of a full team, with the cheapest plan that has more seats. */
export function seatsExhausted(catalogue: Catalogue, { limit, used }: { limit: number; used: number }): AppError {
  return new AppError('seats-exhausted', {
    members: { limit, used, upgrade: upgradeForSeats(catalogue, teamFeature, Math.max(limit, used)) },
  })
}

/**
 * Invites an address by mail, whether or not it has an account. The answer is the same for a member and for an address
 * that got 3 mails of this team. A further mail makes the link of the one before void.
 * @throws AppError `seats-exhausted`, `too-many-invitations`; as openOwnTeam
 */
export async function inviteToTeam(deps: TeamDeps, actor: Actor, email: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { id: teamId } = await openOwnTeam(tx, deps, actor)
    const room = await findRoom(tx, teamId, email)
    const { seats, members } = room
    if (members >= seats) throw seatsExhausted(deps.catalogue.current, { limit: seats, used: members })
    if (room.open >= maxOpenPerSeat * seats || room.kept >= maxStoredPerSeat * seats)
      throw new AppError('too-many-invitations')
    const { token, hash } = mintToken()
    const invitation = { teamId, email, hash, ttlSeconds: validHours * 3_600, mails: maxMailsPerAddress }
    const invitationId = room.isMember ? null : await upsertInvitation(tx, invitation)
    const details = { invitationId, mailed: invitationId !== null }
    await deps.audit.record(tx, actor, 'team.invite', entity(teamId), { subjectId: actor.principal.accountId, details })
    if (invitationId === null) return
    await deps.mail.sendMail(tx, {
      accountId: room.inviteeId,
      to: email,
      language: room.inviteeLanguage ?? room.inviterLanguage,
      template: 'team-invitation',
      data: { validHours, team: room.teamName, inviter: nameOf(room) },
      link: linkUrl(deps.config.appUrl, 'accept-team', token),
    })
  })
}

function nameOf({ inviterFirstName, inviterLastName }: Room): string | null {
  const name = [inviterFirstName, inviterLastName].filter((part) => part !== null).join(' ')
  return name === '' ? null : name
}

/** The open invitations of the person's own team, newest first. @throws AppError as requireOwned */
export async function readInvitations(
  deps: TeamDeps,
  principal: Principal,
  { limit, after }: Slice<string>,
): Promise<Invitation[]> {
  const team = await requireOwned(deps, principal)
  return team ? listInvitations(deps.sql, team.id, limit, after) : []
}

/**
 * Revokes an invitation: its link becomes void. @throws AppError `not-found` unless it is open and of the person's own
 * team
 */
export async function takeBackInvitation(deps: TeamDeps, actor: Actor, id: string): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    const team = await lockOwnedTeam(tx, accountId)
    if (!team || !(await revokeInvitation(tx, team.id, id))) throw new AppError('not-found')
    const details = { invitationId: id }
    await deps.audit.record(tx, actor, 'team.revoke_invitation', entity(team.id), { subjectId: accountId, details })
  })
}
