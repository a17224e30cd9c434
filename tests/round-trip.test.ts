import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { givenAccount, goodPassword, logIn } from './support/accounts.ts'
import { openTestApp } from './support/app.ts'

const app = await openTestApp()
const { request, sql } = app
const { accessToken: bearer } = await logIn(app, await givenAccount(app, { role: 'superadmin', plan: 'enterprise' }))
type Body = Record<string, unknown>

async function send(method: string, path: string, json?: unknown): Promise<Body> {
  const answer = await request(path, { method, bearer, json })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} ${JSON.stringify(json)}: ${text}`)
  return JSON.parse(text) as Body
}

function pick(body: Body, ...names: string[]): Body {
  return Object.fromEntries(names.map((name) => [name, body[name]]))
}

describe('an answer that is sent back as a change changes nothing', () => {
  test('a person', async () => {
    const profile = ['firstName', 'lastName', 'phoneNumber', 'language', 'timezone']
    const person = await givenAccount(app)
    for (const path of ['/v1/me', `/v1/admin/users/${person.id}`]) {
      const fresh = await send('GET', path)
      expect(await send('PATCH', path, pick(fresh, ...profile))).toEqual(fresh)
      const odd = { firstName: ' Zoë ', phoneNumber: '1 (415) 555-0100', language: 'EN-us', timezone: 'asia/kolkata' }
      const changed = await send('PATCH', path, odd)
      expect(await send('PATCH', path, pick(changed, ...profile))).toEqual(changed)
    }
    const read = await send('GET', `/v1/admin/users/${person.id}`)
    expect(await send('PUT', `/v1/admin/users/${person.id}/role`, pick(read, 'role'))).toEqual(read)
  })

  test('every role', async () => {
    await send('POST', '/v1/admin/roles', { name: 'helper', description: '', privilegeLevel: 0 })
    const { items } = (await send('GET', '/v1/admin/roles?limit=100')) as { items: Body[] }
    for (const [i, role] of items.entries()) {
      const made = await send('POST', '/v1/admin/roles', {
        ...pick(role, 'description', 'privilegeLevel', 'permissions'),
        name: `copy_${i}`,
      })
      expect(made).toMatchObject(pick(role, 'description', 'privilegeLevel', 'permissions'))
      const path = `/v1/admin/roles/copy_${i}`
      expect(await send('PATCH', path, pick(made, 'description', 'privilegeLevel', 'retired'))).toEqual(made)
      expect(await send('PUT', `${path}/permissions`, pick(made, 'permissions'))).toEqual(made)
    }
  })

  test('every plan', async () => {
    const { items } = (await send('GET', '/v1/plans?limit=100')) as { items: Body[] }
    for (const [i, plan] of items.entries()) {
      const { features, limits, prices, ...fields } = plan as {
        features: { name: string; limit: number | null }[]
        limits: Body
        prices: Body[]
      }
      const path = `/v1/admin/plans/${String(plan.name)}`
      const { name: _, ...edit } = { ...fields, ...limits } as Body
      expect(await send('PATCH', path, edit)).toEqual(plan)
      expect(await send('PUT', `${path}/features`, { features })).toEqual(plan)
      expect(await send('PUT', `${path}/prices`, { prices })).toEqual(plan)
      const own = { name: `copy_${i}`, tier: 900 + i }
      expect(await send('POST', '/v1/admin/plans', { ...edit, ...own })).toEqual({ ...plan, ...own, features: [] })
    }
  })

  test('every feature', async () => {
    const { items } = (await send('GET', '/v1/features?limit=100')) as { items: Body[] }
    for (const feature of items) {
      const { name, ...edit } = feature
      expect(await send('PATCH', `/v1/admin/features/${String(name)}`, edit)).toEqual(feature)
      await send('POST', '/v1/admin/features', { ...edit, name: `copy_${String(name)}`.slice(0, 63) })
    }
  })

  test('an override and a grant', async () => {
    const { id } = await givenAccount(app)
    for (const limit of [null, 0, 7]) {
      const wanted = { granted: true, limit, expiresAt: '2099-12-31T23:59:59+05:30', reason: ' Asked for \n' }
      const path = `/v1/admin/users/${id}/features/data_export`
      const made = await send('PUT', path, wanted)
      const fields = ['granted', 'limit', 'expiresAt', 'reason']
      const again = await send('PUT', path, pick(made, ...fields))
      expect(pick(again, ...fields)).toEqual(pick(made, ...fields))
    }
    const path = `/v1/admin/users/${id}/subscription`
    const granted = (await send('PUT', path, { plan: 'starter', endsAt: '2099-01-01T00:00:00Z', reason: 'x' })) as {
      plan: { name: string }
      currentPeriodEnd: string
    }
    const again = await send('PUT', path, { plan: granted.plan.name, endsAt: granted.currentPeriodEnd, reason: 'x' })
    expect(again.currentPeriodEnd).toBe(granted.currentPeriodEnd)
  })

  test('an API key, with whatever ranges', async () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const four = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
    // Ranges that together hold too many are refused: the first group keeps these small, and away from IPv4's.
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
    const six = fc.array(group, { minLength: 7, maxLength: 7 }).map((groups) => `2001:${groups.join(':')}`)
    const range = fc.oneof(
      four,
      six,
      fc.tuple(four, fc.integer({ min: 12, max: 32 })).map(([address, length]) => `${address}/${length}`),
      fc.tuple(six, fc.integer({ min: 24, max: 128 })).map(([address, length]) => `${address}/${length}`),
      fc.tuple(four, fc.integer({ min: 108, max: 128 })).map(([address, length]) => `::ffff:${address}/${length}`),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 5 }), async (ipRanges) => {
        const made = await send('POST', '/v1/api-keys', { name: 'x', password: goodPassword, ipRanges })
        const read = await send('GET', `/v1/api-keys/${String(made.id)}`)
        const fields = pick(read, 'name', 'permissions', 'expiresAt', 'ipRanges')
        const copy = await send('POST', '/v1/api-keys', { ...fields, password: goodPassword })
        expect(await send('GET', `/v1/api-keys/${String(copy.id)}`)).toMatchObject(fields)
        await sql`delete from api_keys`
      }),
      { numRuns: 25 },
    )
  })
})
