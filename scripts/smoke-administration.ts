import {
  type Answer,
  type Call,
  type Credentials,
  demand,
  expectProblem,
  member,
  sessionOf,
  type Tell,
  text,
} from './smoke-client.ts'

/** Runs the program that serves the instance, on its database. @throws Error with what it said when it fails */
export type RunProgram = (args: string[], input?: string) => Promise<string>
type People = { person: Credentials & { id: string }; colleague: Credentials; root: Credentials }

/**
 * Those who run the service: a superadmin promotes a colleague, who locks, grants, overrides and reads the trail of it all.
 * At the end the accounts are erased; a superadmin who is the only one must stay. @returns whether that was so
 */
export async function tellOfAdministration(
  tell: Tell,
  call: Call,
  program: RunProgram,
  { person, colleague, root }: People,
): Promise<boolean> {
  const of = `/v1/admin/users/${person.id}`
  const login = async ({ email, password }: Credentials) => {
    const answer = await call('POST', '/v1/auth/login', { body: { email, password } })
    return sessionOf(answer, 200).accessToken
  }
  const expectStatus = (answer: Answer, status: number) => demand(answer.status === status, answer, `${status}`)

  await tell('create-admin', async () => {
    const said = await program(['create-admin', '--email', root.email, '--password-stdin'], root.password)
    return [said, undefined]
  })
  const rootToken = await tell('the superadmin logs in', async () => {
    const token = await login(root).catch((error: Error) => {
      throw new Error(`${error.message}. Did create-admin run on the instance's own database?`)
    })
    return ['200', token]
  })
  const { token, id } = await tell('a colleague registers', async () => {
    const answer = await call('POST', '/v1/auth/register', { body: colleague })
    return [`201, ${colleague.email}`, { token: sessionOf(answer, 201).accessToken, id: text(answer, 'user', 'id') }]
  })
  await tell('promote', async () => {
    const answer = await call('PUT', `/v1/admin/users/${id}/role`, { token: rootToken, body: { role: 'admin' } })
    expectStatus(answer, 200)
    return [`200, role ${text(answer, 'role')}`, undefined]
  })
  await tell('… which counts for the token from before', async () => {
    const answer = await call('GET', `/v1/admin/users?q=${encodeURIComponent(person.email)}`, { token })
    expectStatus(answer, 200)
    demand(member(answer, 'items', '0', 'id') === person.id, answer, 'the person who was searched for')
    return [`200, Authz-Refresh: ${answer.headers.get('authz-refresh')}`, undefined]
  })
  await tell('lock', async () => {
    expectStatus(await call('POST', `${of}/lock`, { token, body: { reason: 'smoke' } }), 204)
    const refused = await call('POST', '/v1/auth/login', { body: { email: person.email, password: person.password } })
    expectProblem(refused, 401, 'invalid-credentials')
    return ['204; log-in: 401 invalid-credentials', undefined]
  })
  const own = await tell('unlock', async () => {
    expectStatus(await call('POST', `${of}/unlock`, { token }), 204)
    return ['204; log-in: 200', await login(person)]
  })
  await tell('grant a plan', async () => {
    const body = { plan: 'professional', reason: 'smoke' }
    const answer = await call('PUT', `${of}/subscription`, { token, body })
    expectStatus(answer, 200)
    return [`200, plan ${text(answer, 'plan', 'name')}`, undefined]
  })
  await tell('the gated route is open now, for the token from before', async () => {
    expectStatus(await call('GET', '/v1/dashboard/insights', { token: own }), 200)
    return ['200', undefined]
  })
  await tell('an override', async () => {
    const ask = () => call('GET', '/v1/entitlements/sso_oauth', { token: own })
    expectProblem(await ask(), 403, 'feature-not-in-plan')
    const body = { granted: true, reason: 'smoke' }
    expectStatus(await call('PUT', `${of}/features/sso_oauth`, { token, body }), 200)
    const granted = await ask()
    demand(granted.status === 200 && granted.body.granted === true, granted, '200, granted')
    return ['sso_oauth: 403 before, 200 after', undefined]
  })
  await tell('explain', async () => {
    const answer = await call('GET', `${of}/explain?feature=sso_oauth`, { token })
    demand(answer.status === 200 && answer.body.granted === true, answer, '200, granted')
    const chain = member(answer, 'chain')
    const kinds = Array.isArray(chain) ? chain.map((link: { kind?: unknown }) => link.kind) : []
    demand(kinds.includes('override'), answer, 'an override in the chain')
    return [`200, ${kinds.join(' → ')}`, undefined]
  })
  await tell('the audit trail of it all', async () => {
    const answer = await call('GET', `/v1/admin/audit-logs?resource=account:${person.id}&limit=100`, { token })
    expectStatus(answer, 200)
    const items = member(answer, 'items')
    const told = (Array.isArray(items) ? items : []).map((item: { action?: unknown }) => item.action).reverse()
    const done = [
      'account.create',
      'account.lock',
      'account.unlock',
      'subscription.grant',
      'feature.grant',
      'account.explain',
    ]
    demand(JSON.stringify(told) === JSON.stringify(done), answer, `${done}, not ${told}`)
    return [`200, ${done.join(', ')}`, undefined]
  })
  await tell('audit verify', async () => [await program(['audit', 'verify']), undefined])
  return tell('erase the accounts', async () => {
    for (const account of [person.id, id])
      expectStatus(await call('DELETE', `/v1/admin/users/${account}`, { token: rootToken }), 204)
    const answer = await call('DELETE', '/v1/me', { token: rootToken, body: { password: root.password } })
    const isLast = answer.status === 409
    if (isLast) expectProblem(answer, 409, 'last-superadmin')
    else expectStatus(answer, 204)
    return [isLast ? '204; the superadmin is the only one, and stays' : '204', isLast]
  })
}
