import type { TestApp } from './app.ts'

type Ask = { path?: string; key?: string; json?: unknown; bearer?: string }

export const newKey = () => Bun.randomUUIDv7()

export const newRole = () => ({
  name: `role_${Bun.randomUUIDv7().replaceAll('-', '')}`,
  description: 'Made here',
  privilegeLevel: 20,
  permissions: ['profile.read'],
})

/** Whether an answer is the stored one of an earlier request. */
export const replayed = (answer: Response) => answer.headers.get('idempotency-replayed')

/** Requests under an Idempotency-Key; by default an administrator's that make a role. */
export const createPost =
  ({ request }: TestApp, bearerOfRoot: string) =>
  ({ path = '/v1/admin/roles', key, json, bearer = bearerOfRoot }: Ask) =>
    request(path, { method: 'POST', bearer, json, headers: key === undefined ? {} : { 'Idempotency-Key': key } })

export async function countKeys({ sql }: TestApp): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::int from idempotency_keys`
  return row?.count ?? 0
}
