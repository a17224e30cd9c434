import type { Db } from '../db/types.ts'

/** A member in the form that other members see; only the owner sees addresses. */
export type Member = {
  id: string
  name: string | null
  email: string | null
  role: 'owner' | 'member'
  joinedAt: Date
}

/** With microseconds, which the cursor needs. */
type MemberRow = Member & { joinedAtText: string }

/** Members in the order of joining: at most `limit`, after the member of the key. */
export function listMembers(
  sql: Db,
  teamId: string,
  limit: number,
  after: readonly [joinedAt: string, id: string] | null,
): Promise<MemberRow[]> {
  return sql<MemberRow[]>`
    select m.account_id as id, nullif(concat_ws(' ', a.first_name, a.last_name), '') as name, a.email, m.joined_at,
           to_char(m.joined_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as joined_at_text,
           case when t.owner_id = m.account_id then 'owner' else 'member' end as role
      from team_members m join teams t on t.id = m.team_id join user_accounts a on a.id = m.account_id
     where m.team_id = ${teamId}
       and (${after?.[0] ?? null}::text::timestamptz is null or (m.joined_at, m.account_id) > (${after?.[0] ?? null}::text::timestamptz, ${after?.[1] ?? null}::uuid))
     order by m.joined_at, m.account_id limit ${limit}`
}

/** Whether an account is in a team, and how many others are. The caller has locked the team. */
export async function findPlace(
  sql: Db,
  teamId: string,
  accountId: string,
): Promise<{ isIn: boolean; others: number }> {
  const [row] = await sql<{ isIn: boolean; others: number }[]>`
    select count(*) filter (where account_id = ${accountId}) > 0 as is_in, count(*) filter (where account_id <> ${accountId})::int as others
      from team_members where team_id = ${teamId}`
  return row ?? { isIn: false, others: 0 }
}
