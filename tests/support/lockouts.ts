import { expect } from 'bun:test'
import { goodPassword } from './accounts.ts'
import type { TestApp } from './app.ts'
import { expectProblem } from './problems.ts'

/** Log-ins for tests of the lockout, and time that passes for one counter. */
export function lockoutSteps({ request, sql, deps }: TestApp) {
  const keyOf = (email: string) => deps.counterKey('email', email)

  function login(email: string, password = goodPassword, deviceToken?: string): Promise<Response> {
    return request('/v1/auth/login', {
      json: { email, password },
      ...(deviceToken && { headers: { 'X-Device-Token': deviceToken } }),
    })
  }

  async function failTimes(count: number, email: string, deviceToken?: string): Promise<void> {
    for (let i = 0; i < count; i++)
      await expectProblem(await login(email, 'not this one', deviceToken), 'invalid-credentials')
  }

  /** Makes everything that a counter stores older by `interval`. */
  async function age(key: Buffer, interval: string): Promise<void> {
    const rows = await sql`
      update lockouts set locked_until = locked_until - ${interval}::interval, last_failure_at = last_failure_at - ${interval}::interval,
             failures = array(select at - ${interval}::interval from unnest(failures) at order by at),
             pending = (select coalesce(jsonb_object_agg(key, value::float8 - extract(epoch from ${interval}::interval)), '{}') from jsonb_each(pending))
       where key = ${key} returning 1`
    expect(rows).toHaveLength(1)
  }

  /** The remaining lockout of an address in seconds. */
  async function lockedFor(email: string): Promise<number> {
    const refused = await login(email)
    await expectProblem(refused, 'account-locked')
    return Number(refused.headers.get('retry-after'))
  }

  return { keyOf, login, failTimes, age, lockedFor }
}
