#!/usr/bin/env bun
// bun docs/examples/typed-client.ts http://localhost:3000
import { createClient } from '../../src/client.ts'

const baseUrl = process.argv[2] ?? 'http://localhost:3000'
const session: { accessToken: string | null } = { accessToken: null }
const client = createClient(baseUrl, { accessToken: () => session.accessToken })

const email = `ravi.${crypto.randomUUID().slice(0, 8)}@example.com`
const registered = await client.v1.auth.register.$post({ json: { email, password: 'seven quiet herons at dawn' } })
if (registered.status !== 201) throw new Error(`registering failed: ${await registered.text()}`)
const { user, accessToken } = await registered.json()
session.accessToken = accessToken
print(`${user.email} is on plan ${user.plan.name}`)

const plans = await client.v1.plans.$get({ query: { limit: '3' } })
if (plans.status !== 200) throw new Error(`no plans: ${await plans.text()}`)
const { items } = await plans.json()
for (const plan of items)
  print(
    `${plan.displayName}: ${plan.priceMonthlyMinor === null ? 'by quote' : `${plan.priceMonthlyMinor / 100} ${plan.currency}`}`,
  )

const grant = await client.v1.entitlements[':feature'].$get({ param: { feature: 'premium_dashboard' } })
if (grant.ok) print(`premium_dashboard is granted, limit ${(await grant.json()).limit ?? 'none'}`)
else {
  // A problem document: its code says what else is in it.
  const problem = await grant.json()
  if (problem.code === 'feature-not-in-plan') print(`${problem.code}: ${problem.upgrade?.plan ?? 'no plan'} unlocks it`)
  else throw new Error(problem.detail)
}

await client.v1.auth.logout.$post()
const refused = await client.v1.me.$get()
print(`after logging out: ${refused.status}`)

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
