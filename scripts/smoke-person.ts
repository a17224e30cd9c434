import {
  type Call,
  type Credentials,
  demand,
  expectProblem,
  type Session,
  sessionOf,
  type Tell,
  text,
} from './smoke-client.ts'

/** A person registers, is denied, refreshes, is caught reusing a token, and logs out. @returns the account's id */
export async function tellOfPerson(tell: Tell, call: Call, credentials: Credentials): Promise<string> {
  const refresh = async ({ refreshToken }: Session): Promise<[string, Session]> => {
    const answer = await call('POST', '/v1/auth/refresh', { body: { refreshToken } })
    const next = sessionOf(answer, 200)
    demand(next.refreshToken !== refreshToken, answer, 'a new refresh token')
    return ['200, a new pair of tokens', next]
  }
  const login = async (): Promise<[string, Session]> => {
    const answer = await call('POST', '/v1/auth/login', { body: credentials })
    return ['200, access and refresh token', sessionOf(answer, 200)]
  }

  const id = await tell('register', async () => {
    const answer = await call('POST', '/v1/auth/register', { body: credentials })
    demand(
      answer.status !== 202,
      answer,
      '201; the instance wants e-mail addresses verified, which this story cannot do',
    )
    sessionOf(answer, 201)
    return [`201, ${credentials.email} on plan ${text(answer, 'user', 'plan', 'name')}`, text(answer, 'user', 'id')]
  })
  const first = await tell('log in', login)
  await tell('a gated route is denied, with the plan that unlocks it', async () => {
    const answer = await call('GET', '/v1/dashboard/insights', { token: first.accessToken })
    expectProblem(answer, 403, 'feature-not-in-plan')
    return [`403 feature-not-in-plan, upgrade to ${text(answer, 'upgrade', 'plan')}`, undefined]
  })
  await tell('entitlements', async () => {
    const answer = await call('GET', '/v1/me/entitlements', { token: first.accessToken })
    demand(answer.status === 200, answer, '200')
    const { features } = answer.body
    demand(
      Array.isArray(features) && !features.includes('premium_dashboard'),
      answer,
      'features without premium_dashboard',
    )
    return [`200, plan ${text(answer, 'plan')}, role ${text(answer, 'role')}, features ${features}`, undefined]
  })
  const second = await tell('refresh', () => refresh(first))
  const third = await tell('refresh again', () => refresh(second))
  await tell('the first refresh token is refused as reuse', async () => {
    const answer = await call('POST', '/v1/auth/refresh', { body: { refreshToken: first.refreshToken } })
    expectProblem(answer, 401, 'refresh-token-reused')
    return ['401 refresh-token-reused', undefined]
  })
  await tell('… and the reuse ended its session', async () => {
    const answer = await call('GET', '/v1/me', { token: third.accessToken })
    expectProblem(answer, 401, 'session-revoked')
    return ['401 session-revoked', undefined]
  })
  const last = await tell('log in', login)
  await tell('log out', async () => {
    const answer = await call('POST', '/v1/auth/logout', { token: last.accessToken })
    demand(answer.status === 204, answer, '204')
    return ['204', undefined]
  })
  await tell('the access token of that session is refused', async () => {
    const answer = await call('GET', '/v1/me', { token: last.accessToken })
    expectProblem(answer, 401, 'session-revoked')
    return ['401 session-revoked', undefined]
  })
  return id
}
