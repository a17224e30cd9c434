import { recordAuthzChange } from '../../src/changes/record.ts'
import { type Given, givenAccount } from './accounts.ts'
import type { TestApp } from './app.ts'

/** A team of an owner with a plan, inserted into the tables. */
export async function givenTeam(
  app: TestApp,
  { plan = 'business', endsAt = null as Date | null, members = 0 } = {},
): Promise<{ id: string; owner: Given; members: Given[] }> {
  const owner = await givenAccount(app, { plan, role: 'subscriber', endsAt })
  const id = Bun.randomUUIDv7()
  await app.sql`insert into teams (id, owner_id) values (${id}, ${owner.id})`
  await app.sql`insert into team_members (account_id, team_id) values (${owner.id}, ${id})`
  const people: Given[] = []
  for (let i = 0; i < members; i++) {
    const person = await givenAccount(app)
    await join(app, id, person.id)
    people.push(person)
  }
  return { id, owner, members: people }
}

/** Adds a member, as the acceptance of an invitation does. */
export function join({ sql }: TestApp, teamId: string, accountId: string): Promise<void> {
  return sql.begin(async (tx) => {
    await tx`insert into team_members (account_id, team_id) values (${accountId}, ${teamId})`
    await recordAuthzChange(tx, { accountId })
  })
}

/** Ends the plan of an owner, and with it the members', so many seconds ago. */
export async function planEndedAgo({ sql }: TestApp, ownerId: string, seconds: number): Promise<void> {
  await sql.begin(async (tx) => {
    const end = tx`date_trunc('milliseconds', clock_timestamp() - make_interval(secs => ${seconds}))`
    await tx`
      update user_subscriptions set started_at = started_at - interval '30 days', current_period_end = ${end}
       where account_id = ${ownerId} and ended_at is null`
    await tx`
      update user_accounts m set plan = o.plan, plan_ends_at = o.plan_ends_at from user_accounts o where o.id = ${ownerId} and m.payer_id = o.id`
  })
}

/** The stored plan of an account, independent of the clock, and its payer. */
export async function standing({ sql }: TestApp, accountId: string) {
  const [row] = await sql<{ plan: string; payerId: string | null; role: string; version: number }[]>`
    select plan, payer_id, role, authz_version::int as version from user_accounts where id = ${accountId}`
  if (!row) throw new Error(`no account ${accountId}`)
  return row
}
