import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { givenTeam, join } from '../support/teams.ts'

const app = await openTestApp()
const { sql } = app

describe('the database is the judge', () => {
  test('of seats, of two teams, and of plans of one’s own', async () => {
    const { id } = await givenTeam(app, { plan: 'professional', members: 9 })
    const person = await givenAccount(app)
    await expect(join(app, id, person.id)).rejects.toMatchObject({ constraint_name: 'team_seats' })
    const other = await givenTeam(app)
    await join(app, other.id, person.id)
    await expect(join(app, (await givenTeam(app)).id, person.id)).rejects.toMatchObject({
      constraint_name: 'team_members_pkey',
    })
    const payer = await givenAccount(app, { plan: 'starter' })
    await expect(join(app, other.id, payer.id)).rejects.toMatchObject({ constraint_name: 'members_have_no_plan' })
    await expect(
      sql.begin(async (tx) => {
        await tx`update user_subscriptions set status = 'expired', ended_at = clock_timestamp() where account_id = ${person.id}`
        await tx`insert into user_subscriptions (id, account_id, plan, status) values (uuid_v7(), ${person.id}, 'starter', 'active')`
      }),
    ).rejects.toMatchObject({ constraint_name: 'members_have_no_plan' })
  })

  test('of a plan that changes without the members', async () => {
    const { owner, members } = await givenTeam(app, { members: 1 })
    await expect(
      sql`update user_accounts set plan = 'starter' where id = ${owner.id}`.then(() => 'changed'),
    ).rejects.toMatchObject({ constraint_name: 'members_have_the_plan' })
    await expect(
      sql`update user_accounts set plan = 'enterprise' where id = ${members[0]?.id ?? ''}`.then(() => 'changed'),
    ).rejects.toMatchObject({ constraint_name: 'members_have_the_plan' })
  })
})
