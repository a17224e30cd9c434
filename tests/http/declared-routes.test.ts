import { expect, test } from 'bun:test'
import { mountRoutes } from '../../src/app.ts'
import { policyOf } from '../../src/http/openapi.ts'
import { openTestApp } from '../support/app.ts'

const { deps } = await openTestApp()

const routes = [...Map.groupBy(mountRoutes().routes, ({ method, path }) => `${method} ${path}`)]

/** These read what others define: the parameters of an identity provider, and a payment provider's signed body. */
const readThemselves: Record<string, string> = {
  'GET /v1/auth/oidc/:provider/callback': 'query',
  'POST /v1/billing/webhooks/:provider': 'body',
}

test('every described route declares its query and its body, so that undeclared input is refused', () => {
  for (const [name, handlers] of routes) {
    const names = handlers.map(({ handler }) => handler.name)
    if (!names.includes('describe')) continue
    const missing = [
      ...(names.some((one) => ['validQuery', 'validBody', 'noInput'].includes(one)) ? [] : ['query']),
      ...(names.some((one) => ['validBody', 'noBody', 'noInput'].includes(one)) ? [] : ['body']),
    ]
    expect(`${name} declares all but: ${missing}`).toBe(`${name} declares all but: ${readThemselves[name] ?? ''}`)
  }
})

test('every feature that a guard asks for is one that the seed has', () => {
  const guards = routes.flatMap(([name, handlers]) =>
    handlers.flatMap(({ handler }) => {
      const [, features = ''] = /^(?:feature|quota) (.+)$/.exec(policyOf(handler) ?? '') ?? []
      return features === '' ? [] : features.split(/[+|]/).map((feature) => `${name}: ${feature}`)
    }),
  )
  expect(guards.length).toBeGreaterThan(5)
  const known = deps.catalogue.current.features
  expect(guards.filter((guard) => !known.has(guard.slice(guard.lastIndexOf(' ') + 1)))).toEqual([])
})
