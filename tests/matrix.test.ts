import { describe, expect, test } from 'bun:test'
import { policyOf } from '../src/http/openapi.ts'
import { type Row, type Target, table } from './matrix-table.ts'
import { givenAccount, logIn } from './support/accounts.ts'
import { givenApiKey } from './support/api-keys.ts'
import { bodyOf, openTestApp } from './support/app.ts'
import { storedPasskey } from './support/passkeys.ts'
import { expectProblem } from './support/problems.ts'

const app = await openTestApp({ CONSENT_DOCUMENTS: 'newsletter@1' })
const { sql } = app

const plans = { guest: 'free', user: 'free', subscriber: 'professional', admin: 'business', superadmin: 'enterprise' }
type Role = keyof typeof plans
const roles = Object.keys(plans) as Role[]
/** What each refusal must be called, whoever made it. */
const codes: Record<number, string[]> = {
  400: ['invalid-link'],
  401: ['authentication-required', 'invalid-credentials', 'invalid-passkey', 'invalid-mfa-token', 'invalid-code'],
  403: ['permission-denied', 'feature-not-in-plan', 'privilege-escalation', 'api-key-not-allowed'],
  404: ['not-found'],
  409: [
    'demote-first',
    'already-subscribed',
    'checkout-unavailable',
    'nothing-to-cancel',
    'not-invited',
    'no-second-factor',
    'not-supported-by-provider',
    'seeded',
  ],
}

const bearers = new Map(await Promise.all(roles.map(async (role) => [role, await signIn(role)] as const)))

async function signIn(role: Role): Promise<string> {
  const account = await givenAccount(app, { role, plan: plans[role] })
  return (await logIn(app, account)).accessToken
}

const nobody = { accountId: '', sessionId: '', apiKeyId: '', passkeyId: '', refreshToken: '' }

/** What the request may name: made afresh where the route takes something that exists. */
async function targetOf(route: string): Promise<Target> {
  const unique = `x${Bun.randomUUIDv7().replaceAll('-', '')}`
  if (!/:id|refresh/.test(route)) return { ...nobody, unique }
  return { ...(await givenTarget('user')), unique }
}

async function givenTarget(role: Role): Promise<Target> {
  const account = await givenAccount(app, { role })
  const { refreshToken } = await logIn(app, account)
  const [session] = await sql<{ id: string }[]>`select id from sessions where account_id = ${account.id}`
  const { id: apiKeyId } = await givenApiKey(app, account.id)
  const passkeyId = await storedPasskey(app, account.id)
  return { accountId: account.id, sessionId: session?.id ?? '', apiKeyId, passkeyId, refreshToken, unique: '' }
}

const strangers = () => ({
  accountId: Bun.randomUUIDv7(),
  sessionId: Bun.randomUUIDv7(),
  apiKeyId: Bun.randomUUIDv7(),
  passkeyId: Bun.randomUUIDv7(),
})

function send(route: string, { path, json }: Row, target: Target, bearer: string | undefined): Promise<Response> {
  const [method = '', pattern = ''] = route.split(' ')
  return app.request(path?.(target) ?? pattern, { method, bearer, ...(json && { json: json(target) }) })
}

async function ask(route: string, row: Row, target: Target, bearer: string | undefined): Promise<number> {
  const answer = await send(route, row, target, bearer)
  if (answer.status >= 400) expect(codes[answer.status] ?? []).toContain((await bodyOf<{ code: string }>(answer)).code)
  return answer.status
}

const mounted = new Map<string, string[]>()
for (const { method, path, handler } of app.app.routes) {
  if (method === 'ALL') continue
  const demand = policyOf(handler)
  const demands = mounted.get(`${method} ${path}`) ?? []
  mounted.set(`${method} ${path}`, demand === undefined ? demands : [...demands, demand])
}

test('the table has a line for every mounted route, and no other', () => {
  expect(Object.keys(table).sort()).toEqual([...mounted.keys()].sort())
})

test('every route is guarded by what the table says, in that order', () => {
  const found = Object.fromEntries([...mounted].map(([route, demands]) => [route, demands.join(', ')]))
  expect(found).toEqual(Object.fromEntries(Object.entries(table).map(([route, { demands }]) => [route, demands])))
})

describe('whom each route lets in', () => {
  for (const [route, row] of Object.entries(table))
    test(route, async () => {
      const found = [await ask(route, row, await targetOf(route), undefined)]
      for (const role of roles) {
        const bearer = row.spends ? await signIn(role) : bearers.get(role)
        found.push(await ask(route, row, await targetOf(route), bearer))
      }
      const expected = row.answers.includes(' ') ? row.answers : Array(6).fill(row.answers).join(' ')
      expect(found.join(' ')).toBe(expected)
    })
})

describe('what each route answers to an API key', () => {
  const owner = givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
  const keyWith = async (permissions: string[]) => (await givenApiKey(app, (await owner).id, { permissions })).key
  const everything = [...app.deps.catalogue.current.permissions.keys()]

  for (const [route, row] of Object.entries(table))
    test(route, async () => {
      const found: number[] = []
      for (const permissions of [[], ['profile.read', 'dashboard.read']])
        found.push(await ask(route, row, await targetOf(route), await keyWith(permissions)))
      const isPublic = row.demands === ''
      const refused = row.demands.startsWith('authenticated or key with ') ? undefined : '403 403'
      expect(found.join(' ')).toBe(isPublic ? `${row.answers} ${row.answers}` : (row.keys ?? refused ?? 'not said'))
      if (isPublic) return
      // With every permission there is it reads what is open to keys, and is told that it may do nothing else.
      const answer = await send(route, row, await targetOf(route), await keyWith(everything))
      if (row.keys === undefined) await expectProblem(answer, 'api-key-not-allowed')
      else expect(answer.status).toBe(200)
    })
})

describe("what is answered about somebody else's row, or an equal's", () => {
  const withId = Object.entries(table).filter(([route]) => route.includes('/:id'))

  test('every route with an id says so', () => {
    expect(withId.filter(([, { stranger }]) => stranger === undefined)).toEqual([])
  })

  for (const [route, row] of withId)
    test(route, async () => {
      const isAdministrators = route.includes('/v1/admin/')
      const target = await givenTarget(isAdministrators ? 'admin' : 'user')
      expect(await ask(route, row, target, bearers.get(isAdministrators ? 'admin' : 'user'))).toBe(row.stranger ?? 0)
      if (isAdministrators) return
      const [session] = await sql`select 1 from sessions where id = ${target.sessionId} and ended_at is null`
      expect(session).toBeDefined()
      expect(await sql`select 1 from api_keys where id = ${target.apiKeyId}`).toHaveLength(1)
      expect(await sql`select 1 from passkeys where id = ${target.passkeyId}`).toHaveLength(1)
    })

  for (const [route, row] of withId)
    test(`${route}: an id that is nobody's, or none at all, is 404`, async () => {
      const target = await givenTarget('user')
      const bearer = bearers.get('superadmin')
      expect(await ask(route, row, { ...target, ...strangers() }, bearer)).toBe(404)
      expect(
        await ask(
          route,
          row,
          { ...target, accountId: 'nobody', sessionId: '%27%20or%201=1', apiKeyId: "x'--", passkeyId: '0' },
          bearer,
        ),
      ).toBe(404)
    })
})
