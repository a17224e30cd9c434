import { expect, test } from 'bun:test'
import type { AccessClaims } from '../../src/access/claims.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { claimsOf } from '../support/tokens.ts'

const editing = await openTestApp()
const other = await openTestApp({ DATABASE_URL: editing.deps.config.databaseUrl })
const { bearer } = await signedIn(editing, { role: 'superadmin' })

/** Gives a plan exactly these features, and says which version of the catalogue that made. */
async function setFeatures(plan: string, features: string[]): Promise<number> {
  const json = { features: features.map((name) => ({ name })) }
  const path = `/v1/admin/plans/${plan}/features`
  expect((await editing.request(path, { method: 'PUT', bearer, json })).status).toBe(200)
  return editing.deps.catalogue.current.version
}

test('a plan edited while people sign in: each token says what its catalogue said, and the last edit overtakes all', async () => {
  const person = await givenAccount(editing, { plan: 'starter' })
  const featuresBy = new Map<number, string[]>()
  featuresBy.set(editing.deps.catalogue.current.version, [
    ...(editing.deps.catalogue.current.plans.get('starter')?.featureNames ?? []),
  ])
  const tokens: string[] = []
  let editsLeft = 12
  async function edit(): Promise<void> {
    for (; editsLeft > 0; editsLeft--) {
      const features = editsLeft % 2 === 0 ? ['api_access'] : ['audit_logs', 'data_export']
      featuresBy.set(await setFeatures('starter', features), features)
    }
  }
  async function signIn(app: typeof editing): Promise<void> {
    let { refreshToken, accessToken } = await logIn(app, person)
    tokens.push(accessToken)
    while (editsLeft > 0) {
      const response = await app.request('/v1/auth/refresh', { json: { refreshToken } })
      ;({ refreshToken, accessToken } = await bodyOf<SessionJson>(response))
      tokens.push(accessToken)
    }
  }
  await Promise.all([edit(), signIn(editing), signIn(editing), signIn(other), signIn(other)])

  for (const token of tokens) {
    const { cv, feats } = claimsOf(token) as unknown as AccessClaims
    expect({ cv, feats }).toEqual({ cv, feats: featuresBy.get(cv) ?? [] })
  }
  await other.deps.feed.poll()
  for (const app of [editing, other])
    for (const token of tokens) {
      const status = async (feature: string) =>
        (await app.request(`/v1/entitlements/${feature}`, { bearer: token })).status
      expect([await status('audit_logs'), await status('api_access')]).toEqual([200, 403])
    }
})

test('a role, a plan and features that another instance made a moment ago are known to whoever signs in', async () => {
  const before = other.deps.catalogue.current
  const admin = { bearer, method: 'POST' }
  // On a busy machine the last poll may be too long ago for what administers.
  await editing.deps.feed.poll()
  const role = {
    name: 'auditor',
    description: 'Reads',
    privilegeLevel: 20,
    permissions: ['profile.read', 'audit.read'],
  }
  expect((await editing.request('/v1/admin/roles', { ...admin, json: role })).status).toBe(201)
  const version = await setFeatures('business', ['audit_logs'])
  const person = await givenAccount(editing, { role: 'auditor', plan: 'business' })
  const known = { role: 'auditor', lvl: 20, perms: ['audit.read', 'profile.read'], feats: ['audit_logs'], cv: version }

  // As if the feed had told nothing yet.
  other.deps.catalogue.current = before
  const session = await logIn(other, person)
  expect(claimsOf(session.accessToken)).toMatchObject(known)

  other.deps.catalogue.current = before
  const { refreshToken } = session
  const renewed = await other.request('/v1/auth/refresh', { json: { refreshToken } })
  expect(claimsOf((await bodyOf<SessionJson>(renewed)).accessToken)).toMatchObject(known)

  other.deps.catalogue.current = before
  const me = await other.request('/v1/me', { bearer: session.accessToken })
  expect(await me.json()).toMatchObject({ role: 'auditor', privilegeLevel: 20, plan: { name: 'business' } })
})

test('a registration beside an edit of the free plan says what is true of it', async () => {
  const before = other.deps.catalogue.current
  const cv = await setFeatures('free', ['data_export'])
  other.deps.catalogue.current = before
  expect(claimsOf((await registered(other)).accessToken)).toMatchObject({ feats: ['data_export'], cv })
})
