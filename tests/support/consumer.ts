// A program that uses the client package only, compiled as strictly as TypeScript can.
import { type Client, createClient, isProblem, type Plan, type Problem, type ProblemCode } from '@manas360/client'
import type { InferRequestType, InferResponseType } from 'hono/client'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const client: Client = createClient('http://localhost', { accessToken: async () => null })

export async function answers(): Promise<void> {
  const plans = await client.v1.plans.$get()
  if (plans.status === 200) {
    const { items, nextCursor } = await plans.json()
    const same: Same<typeof items, Plan[]> = true
    void [same, items[0]?.priceMonthlyMinor?.toFixed(), nextCursor?.length]
  }
  const registered = await client.v1.auth.register.$post({
    json: { email: 'a@b.example', password: 'x', firstName: null },
  })
  if (registered.status === 201) void (await registered.json()).user.plan.displayName
  else if (registered.status === 202) void (await registered.json()).status.length
  else {
    const problem = await registered.json()
    if (problem.code === 'validation-failed') void problem.errors.map(({ path }) => path)
    // @ts-expect-error registering never answers this
    if (problem.code === 'in-use') return
  }
  const grant = await client.v1.entitlements[':feature'].$get(
    { param: { feature: 'data_export' } },
    { headers: { 'X-Request-Id': 'x' } },
  )
  if (grant.status === 403) {
    const problem = await grant.json()
    if (problem.code === 'feature-not-in-plan')
      void [problem.upgrade?.checkout === 'trial', problem.missingFeatures.length]
    // @ts-expect-error only that code names a plan
    else void problem.upgrade
  }
  const url: URL = client.v1.plans[':name'].$url({ param: { name: 'free' } })
  void [url, client['.well-known']['jwks.json'].$get(), client.v1.me.$patch({ json: { firstName: null } })]
  void client.v1.me.$get({}, { headers: { 'X-Request-Id': 'x' } })
}

export function refused(): void {
  // @ts-expect-error no such route
  void client.v1.nowhere
  // @ts-expect-error the parameter is missing
  void client.v1.plans[':name'].$get()
  // @ts-expect-error the parameter has another name
  void client.v1.plans[':name'].$get({ param: { plan: 'free' } })
  // @ts-expect-error the body is missing
  void client.v1.auth.login.$post({})
  // @ts-expect-error no such member
  void client.v1.auth.login.$post({ json: { email: 'a', password: 'b', role: 'x' } })
  // @ts-expect-error no such parameter
  void client.v1.plans.$get({ query: { page: '2' } })
  // @ts-expect-error not in the list
  void client.v1.me.export.$get({ query: { format: 'xml' } })
  // @ts-expect-error takes none
  void client.v1.me.$get({ query: { x: '1' } })
}

export function told(body: unknown): string {
  if (!isProblem(body)) return ''
  const code: ProblemCode = body.code
  if (body.code === 'quota-exceeded') return `${body.used} of ${body.limit} until ${body.resetsAt}`
  if (body.code === 'permission-denied') return body.requiredPermissions.join()
  const status: Same<Problem<'not-found'>['status'], 404> = true
  return `${code} ${String(status)}`
}

type Login = InferRequestType<typeof client.v1.auth.login.$post>
type Me = InferResponseType<typeof client.v1.me.$get, 200>
export const inferred: [Same<Login['json']['email'], string>, Same<Me['status'], 'invited' | 'active' | 'locked'>] = [
  true,
  true,
]
