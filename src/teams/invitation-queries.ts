import type { Db } from '../db/types.ts'

/** An open invitation in the form that the owner sees. */
export type Invitation = { id: string; email: string; createdAt: Date; expiresAt: Date }

/** Open invitations, newest first: at most `limit`, older than the invitation `before`. */
export function listInvitations(sql: Db, teamId: string, limit: number, before: string | null): Promise<Invitation[]> {
  return sql<Invitation[]>`
    select id, email, created_at, expires_at from team_invitations
     where team_id = ${teamId} and revoked_at is null and expires_at > clock_timestamp() and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`
}

export type Room = {
  seats: number
  members: number
  /** Open invitations to addresses other than this one; `kept` includes revoked ones. */
  open: number
  kept: number
  /** Whether a member has the address. */
  isMember: boolean
  teamName: string | null
  inviterFirstName: string | null
  inviterLastName: string | null
  inviterLanguage: string
  /** The active account with the address; null: none has it. */
  inviteeId: string | null
  inviteeLanguage: string | null
}

/** The facts that decide about an invitation to an address. The caller has locked the team. */
export async function findRoom(sql: Db, teamId: string, email: string): Promise<Room> {
  const [row] = await sql<Room[]>`
    select seats_of(t.owner_id) as seats, (select count(*)::int from team_members where team_id = t.id) as members,
           i.open, i.kept, exists (select from team_members m join user_accounts a on a.id = m.account_id where m.team_id = t.id and a.email = ${email}) as is_member,
           t.name as team_name, o.first_name as inviter_first_name, o.last_name as inviter_last_name, o.language as inviter_language,
           e.id as invitee_id, e.language as invitee_language
      from teams t join user_accounts o on o.id = t.owner_id
      left join user_accounts e on e.email = ${email} and e.status = 'active'
     cross join lateral (
       select count(*) filter (where revoked_at is null)::int as open, count(*)::int as kept from team_invitations
        where team_id = t.id and email <> ${email} and expires_at > clock_timestamp()) i
     where t.id = ${teamId}`
  if (!row) throw new Error(`no team ${teamId}`)
  return row
}

/** Inserts or replaces the invitation of a team to an address; the link of an earlier mail becomes void. */
export async function upsertInvitation(
  sql: Db,
  {
    teamId,
    email,
    hash,
    ttlSeconds,
    mails,
  }: { teamId: string; email: string; hash: Buffer; ttlSeconds: number; mails: number },
): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    insert into team_invitations as i (id, team_id, email, token_hash, expires_at)
    values (${Bun.randomUUIDv7()}, ${teamId}, ${email}, ${hash}, clock_timestamp() + make_interval(secs => ${ttlSeconds}))
    on conflict (team_id, email) do update
      set token_hash = excluded.token_hash, mails = case when i.expires_at <= clock_timestamp() then 1 else i.mails + 1 end,
          revoked_at = null, created_at = excluded.created_at, expires_at = excluded.expires_at
      where i.expires_at <= clock_timestamp() or i.mails < ${mails}
    returning i.id`
  return row?.id ?? null
}

/** Revokes an open invitation; its link becomes void. @returns whether there was one */
export async function revokeInvitation(sql: Db, teamId: string, id: string): Promise<boolean> {
  const rows = await sql`
    update team_invitations set revoked_at = clock_timestamp()
     where id = ${id} and team_id = ${teamId} and revoked_at is null and expires_at > clock_timestamp() returning 1`
  return rows.length === 1
}

/** SQL: the invitation of a token, where the account's verified address was invited and the owner is active. */
const isOpenTo = (sql: Db, hash: Buffer, accountId: string) => sql`
  i.token_hash = ${hash} and i.revoked_at is null and i.expires_at > clock_timestamp()
  and exists (select from user_accounts a where a.id = ${accountId} and a.status = 'active' and a.email = i.email and a.email_verified_at is not null)
  and exists (select from teams t join user_accounts o on o.id = t.owner_id where t.id = i.team_id and o.status = 'active')`

/** The team of an invitation's token, for an account that may accept it. Locks nothing. */
export async function findInvitingTeam(sql: Db, hash: Buffer, accountId: string): Promise<string | null> {
  const [row] = await sql<{ teamId: string }[]>`
    select i.team_id from team_invitations i where ${isOpenTo(sql, hash, accountId)}`
  return row?.teamId ?? null
}

/** Uses an invitation. @returns whether it was still valid */
export async function takeInvitation(sql: Db, hash: Buffer, accountId: string): Promise<boolean> {
  const rows = await sql`delete from team_invitations i where ${isOpenTo(sql, hash, accountId)} returning 1`
  return rows.length === 1
}

/** Deletes the invitations of all teams to an address. */
export async function deleteInvitationsTo(sql: Db, email: string): Promise<void> {
  await sql`delete from team_invitations where email = ${email}`
}
