import type { Guard } from './guard.ts'

const invitationQueries = 'src/teams/invitation-queries.ts'
const invitations = 'src/teams/invitations.ts'
const members = 'src/teams/members.ts'
const team = 'src/teams/team.ts'

/** Guards of joining a team, and of actions reserved to its owner. */
export const teamGuards: Guard[] = [
  {
    name: 'an invitation opens to its address alone',
    file: invitationQueries,
    from: ' and a.email = i.email and a.email_verified_at is not null',
    to: ' and a.email_verified_at is not null',
    tests: ['teams/invitations'],
  },
  {
    name: 'an invitation opens to an address that is proved',
    file: invitationQueries,
    from: ' and a.email = i.email and a.email_verified_at is not null',
    to: ' and a.email = i.email',
    tests: ['teams/invitations'],
  },
  {
    name: 'an invitation that was taken back, or has expired',
    file: invitationQueries,
    from: 'i.token_hash = ${hash} and i.revoked_at is null and i.expires_at > clock_timestamp()',
    to: 'i.token_hash = ${hash}',
    tests: ['teams/invitations'],
  },
  {
    name: 'nobody joins a team whose owner is locked',
    file: invitationQueries,
    from: "where t.id = i.team_id and o.status = 'active')",
    to: 'where t.id = i.team_id)',
    tests: ['teams/invitations'],
  },
  {
    name: 'a link of a team is used once',
    file: 'src/teams/accept.ts',
    from: "  if (!(await takeInvitation(tx, hash, accountId))) throw new AppError('invalid-link')\n",
    to: '',
    tests: ['teams/invitations', 'teams/parallel'],
  },
  {
    name: 'an address gets three mails of a team',
    file: invitationQueries,
    from: 'where i.expires_at <= clock_timestamp() or i.mails < ${mails}',
    to: 'where ${mails}::int > 0',
    tests: ['teams/invitations'],
  },
  {
    name: 'nobody is invited to a full team',
    file: invitations,
    from: '  if (members >= seats) throw',
    to: '  if (members > 500) throw',
    tests: ['teams/invitations'],
  },
  {
    name: 'three open invitations a seat, and six that are kept',
    file: invitations,
    from: 'room.open >= maxOpenPerSeat * seats || room.kept >= maxStoredPerSeat * seats',
    to: 'room.open + room.kept > 10_000',
    tests: ['teams/invitations'],
  },
  {
    name: 'an invitation is taken back by the owner of its team',
    file: invitationQueries,
    from: 'where id = ${id} and team_id = ${teamId} and revoked_at is null',
    to: 'where id = ${id} and ${teamId}::uuid is not null and revoked_at is null',
    tests: ['teams/invitations'],
  },
  {
    name: 'a member removes nobody else',
    file: members,
    from: "  if (accountId !== team.ownerId && accountId !== memberId) throw new AppError('team-owner-only')\n",
    to: '',
    tests: ['teams/team'],
  },
  {
    name: 'an owner removes nobody from another team',
    file: members,
    from: "  if (!isIn) throw new AppError('not-found')\n",
    to: '',
    tests: ['teams/team'],
  },
  {
    name: 'the owner of a team leaves last',
    file: members,
    from: "  if (others > 0) throw new AppError('team-not-empty')\n",
    to: '',
    tests: ['teams/team'],
  },
  {
    name: 'addresses of members are the owner’s to know',
    file: members,
    from: 'email: isOwner ? email : null',
    to: 'email',
    tests: ['teams/team'],
  },
  {
    name: 'a member reads no invitations',
    file: team,
    from: "  if (team && team.ownerId !== principal.accountId) throw new AppError('team-owner-only')\n",
    to: '',
    tests: ['teams/team'],
  },
  {
    name: 'whoever leaves a team loses its plan everywhere',
    file: members,
    from: '  await recordAuthzChange(tx, { accountId: memberId })\n',
    to: '',
    tests: ['teams/team'],
  },
  {
    name: 'analytics count a member on the plan of their team, and as no payer who is missing',
    file: 'src/admin/analytics/analytics.ts',
    from: 'used - teams]))',
    to: 'used - used - teams + teams]))',
    tests: ['admin/analytics/teams'],
  },
]
