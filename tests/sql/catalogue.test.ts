import { describe, expect, test } from 'bun:test'
import { openTestApp } from '../support/app.ts'
import { reasonOf } from '../support/open-database.ts'

const { sql } = await openTestApp()

/** The name of the constraint that refused a statement. */
async function refusal(statement: Promise<unknown>): Promise<string> {
  const reason = (await reasonOf(statement)) as { constraint_name?: string; code?: string }
  return reason.constraint_name ?? reason.code ?? String(reason)
}

describe('the seeded catalogue', () => {
  test('has five roles, their levels and their permissions', async () => {
    const own = 'dashboard.read payments.read profile.delete profile.read profile.update'
    const rows = await sql<{ name: string; level: number; permissions: string }[]>`
      select name, privilege_level as level, (select string_agg(permission::text, ' ' order by permission::text collate "C") from role_permissions where role = name) as permissions
        from roles order by privilege_level`
    expect(rows.map(({ name, level, permissions }) => `${name} ${level}: ${permissions}`)).toEqual([
      'guest 0: profile.read',
      `user 10: ${own}`,
      `subscriber 50: ${own}`,
      `admin 90: analytics.read audit.read ${own.replace(' profile.delete', ' profile.delete')} subscriptions.manage users.manage`,
      `superadmin 100: analytics.read audit.read authz.read dashboard.read features.manage payments.read profile.delete profile.read profile.update settings.manage subscriptions.manage users.manage`,
    ])
  })

  test('has five plans with their prices and limits', async () => {
    const rows = await sql`
      select concat_ws(' ', name, tier, coalesce(price_monthly_minor::text, '-'), coalesce(price_yearly_minor::text, '-'), currency, trial_days, coalesce(max_users::text, '-'),
             coalesce(max_api_requests_per_month::text, '-'), coalesce(max_storage_gb::text, '-'), api_requests_per_minute, featured::text) as plan
        from subscription_plans order by tier`
    expect(rows.map(({ plan }) => plan)).toEqual([
      'free 1 0 0 USD 0 1 100 1 60 false',
      'starter 10 999 9990 USD 14 1 10000 10 300 false',
      'professional 50 2999 29990 USD 14 10 100000 100 600 true',
      'business 70 9999 99990 USD 14 50 1000000 500 1200 false',
      'enterprise 100 - - USD 30 - - - 3000 false',
    ])
  })

  test('has no account', async () => {
    expect(await sql`select 1 from user_accounts`).toHaveLength(0)
  })
})

describe('roles', () => {
  test('have a level from 0 to 100', async () => {
    for (const level of [-1, 101, 32_000])
      expect(
        await refusal(sql`insert into roles (name, privilege_level) values (${`r${Math.abs(level)}`}, ${level})`),
      ).toBe('roles_privilege_level_check')
    await sql`insert into roles (name, privilege_level) values ('floor', 0), ('ceiling', 100)`
  })

  test('that are seeded keep name and level, and stay', async () => {
    const attempts = [
      sql`update roles set privilege_level = 100 where name = 'user'`,
      sql`update roles set name = 'member' where name = 'user'`,
      sql`update roles set seeded = false where name = 'user'`,
      sql`update roles set retired_at = now() where name = 'user'`,
      sql`delete from roles where name = 'guest'`,
    ]
    for (const attempt of attempts) expect(await refusal(attempt)).toBe('seeded_role')
    await sql`update roles set description = 'Another' where name = 'user'`
  })

  test('that somebody has cannot be deleted', async () => {
    await sql`insert into roles (name, privilege_level) values ('coach', 20)`
    await sql`insert into user_accounts (id, email, password_hash, role) values (${Bun.randomUUIDv7()}, 'coach@people.test', '$argon2id$x', 'coach')`
    expect(await refusal(sql`delete from roles where name = 'coach'`)).toBe('user_accounts_role_fkey')
  })

  test('and permissions have names that fit a token', async () => {
    for (const name of ['Admin', 'a b', '1a', '', 'a-b', 'ä', 'a'.repeat(64)])
      expect(await refusal(sql`insert into roles (name, privilege_level) values (${name}, 1)`)).toBe('slug_check')
    for (const name of ['users', 'users.', '.manage', 'Users.manage', 'a.b.c'])
      expect(await refusal(sql`insert into permissions (name) values (${name})`)).toBe('permission_name_check')
  })
})
