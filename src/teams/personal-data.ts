import { type ExportedRow, type PersonalData, rowsOf } from '../db/personal-data.ts'

export const teamData: PersonalData[] = [
  {
    table: 'teams',
    exported: rowsOf('teams', {
      part: 'teams',
      account: 'owner_id',
      columns: 't.id, name, created_at as "createdAt", updated_at as "updatedAt"',
      key: [['owner_id', 'uuid']],
    }),
    erased: { account: 'owner_id' },
  },
  {
    table: 'unsettled_teams',
    exported: { not: 'it says for a minute at most that a job gives the members of a team another plan' },
    erased: { account: 'owner_id' },
  },
  {
    table: 'team_members',
    exported: rowsOf('team_members', {
      part: 'teamMembership',
      columns: 't.team_id as "teamId", joined_at as "joinedAt"',
      key: [['account_id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'team_invitations',
    exported: {
      part: 'teamInvitations',
      // Invitations of the person's own team, and those to their address.
      page: (sql, accountId, after, limit) => sql<ExportedRow[]>`
        select array[t.id::text] as key,
               (select row_to_json(r) from (
                 select t.team_id as "teamId", t.email, t.created_at as "createdAt", t.expires_at as "expiresAt", t.revoked_at as "revokedAt") r)::text as row
          from team_invitations t
         where t.id = any(array(select i.id from teams o join team_invitations i on i.team_id = o.id where o.owner_id = ${accountId}
                          union select i.id from user_accounts a join team_invitations i on i.email = a.email where a.id = ${accountId}))
           and (${after?.[0] ?? null}::uuid is null or t.id > ${after?.[0] ?? null}::uuid)
         order by t.id limit ${limit}`,
    },
    erased: { otherwise: 'those of the own team go with it, those to the own address before it is forgotten' },
  },
]
