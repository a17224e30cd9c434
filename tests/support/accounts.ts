import { expect } from 'bun:test'
import { bodyOf, type SessionJson, type TestApp } from './app.ts'

export const goodPassword = 'correct horse battery staple'

export type Given = { id: string; email: string; password: string }

export function newEmail(): string {
  return `${Bun.randomUUIDv7()}@people.test`
}

type Options = {
  role?: string
  plan?: string
  endsAt?: Date | null
  status?: 'active' | 'locked'
  password?: string
  email?: string
}

/** An account inserted into the tables, with any role, plan and status. */
export async function givenAccount(
  { sql, deps }: TestApp,
  {
    role = 'user',
    plan = 'free',
    endsAt = null,
    status = 'active',
    password = goodPassword,
    email = newEmail(),
  }: Options = {},
): Promise<Given> {
  const id = Bun.randomUUIDv7()
  const hash = await deps.passwords.hash(password)
  await sql`insert into user_accounts (id, email, password_hash, role, status) values (${id}, ${email}, ${hash}, ${role}, ${status})`
  await sql`
    insert into user_subscriptions (id, account_id, plan, status, current_period_end)
    values (${Bun.randomUUIDv7()}, ${id}, ${plan}, 'active', ${endsAt})`
  return { id, email, password }
}

/** A session of that account, by a real log-in. */
export async function logIn(
  { request }: TestApp,
  { email, password }: { email: string; password: string },
  headers: Record<string, string> = {},
): Promise<SessionJson> {
  const response = await request('/v1/auth/login', { json: { email, password }, headers })
  expect(response.status).toBe(200)
  return bodyOf<SessionJson>(response)
}

/** A new account with its first session, by a real registration. */
export async function registered(
  { request }: TestApp,
  body: Record<string, unknown> = {},
): Promise<SessionJson & Given> {
  const response = await request('/v1/auth/register', { json: { email: newEmail(), password: goodPassword, ...body } })
  expect(response.status).toBe(201)
  const session = await bodyOf<SessionJson>(response)
  return { ...session, id: session.user.id, email: session.user.email, password: goodPassword }
}
