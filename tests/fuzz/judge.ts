import { table } from '../matrix-table.ts'
import type { TestApp } from '../support/app.ts'
import type { Attempt, Operation } from './attempts.ts'
import type { World } from './world.ts'

/** No answer takes so long, at any load: what does hangs. Every request's own deadline is half of it. */
const hangMs = 60_000

/** What no text of an answer may show: our files, the driver's words, hashes. */
const insides = /\.ts:\d+|PostgresError|\$argon2id\$|node_modules|bunfs|relation "|syntax error at or near/

export type Tally = Map<string, number>

/** Sends an attempt and judges its answer: that of the document, in time, no fault of ours, nothing let out or let in. */
export function createJudge(app: TestApp, operations: Operation[], tally: Tally) {
  const byName = new Map(operations.map((operation) => [operation.name, operation]))
  let port = 0

  /** What the tested person holds now, whatever the token says: an earlier attempt may have granted or taken it. */
  async function permissionsOf({ personId }: World): Promise<string[]> {
    const rows = await app.sql<{ permission: string }[]>`
      select p.permission from user_accounts a join role_permissions p on p.role = a.role where a.id = ${personId}`
    return rows.map(({ permission }) => permission)
  }

  return async function judge(attempt: Attempt, world: World): Promise<void> {
    const { actor, method, path, headers, body, operation } = attempt
    const bearer = world.bearers[actor]
    const request = new Request(`http://localhost${path}`, {
      method,
      headers: { ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }), ...headers },
      ...(body !== undefined && { body }),
    })
    // Read before it is sent: whoever erases their own account holds nothing afterwards.
    const held = actor === 'user' ? await permissionsOf(world) : []
    const server = { requestIP: () => ({ address: '127.0.0.1', port: ++port }), timeout: () => {} }
    const answer = await withinTime(Promise.resolve(app.app.fetch(request, { server })))
    const text = await withinTime(answer.text())
    const where = `${method} ${operation} as ${actor}: ${answer.status}`
    const count = `${method === byName.get(operation)?.method ? '' : 'other method: '}${operation} ${Math.floor(answer.status / 100)}`
    tally.set(count, (tally.get(count) ?? 0) + 1)
    if (answer.status >= 500) throw new Error(`${where} is a fault of ours: ${text.slice(0, 500)}\n${app.lines.at(-1)}`)
    const shown = insides.exec(text)
    if (shown) throw new Error(`${where} shows ${shown[0]}: ${text.slice(0, 500)}`)
    const told = world.secrets.find((secret) => text.includes(secret))
    if (told !== undefined) throw new Error(`${where} tells a secret of somebody else`)
    if (answer.status < 400 && method !== 'OPTIONS') judgeWay(attempt, answer.status, held)
  }

  /** That whoever was let in may come in; `held`: what a person might do a moment before, which other attempts change. */
  function judgeWay({ actor, operation, method }: Attempt, status: number, held: readonly string[]): void {
    const known = byName.get(operation)
    const ways = known?.method === method ? (known.json.security ?? []) : []
    if (ways.length === 0 || actor === 'superadmin') return
    const permission = permissionOf(operation)
    const holds = permission === undefined || held.includes(permission)
    const isOpen = (actor === 'user' && holds) || (actor === 'key' && ways.some((way) => 'apiKey' in way))
    if (!isOpen) throw new Error(`${operation} let ${actor} in: ${status}`)
  }
}

/** The permission that the written table says a route demands. */
function permissionOf(operation: string): string | undefined {
  const row = table[operation.replaceAll(/\{(\w+)\}/g, ':$1')]
  return /permission ([\w.]+)/.exec(row?.demands ?? '')?.[1]
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${hangMs / 1000} s: it hangs`)), hangMs)
  })
  try {
    return await Promise.race([work, hang])
  } finally {
    clearTimeout(timer)
  }
}
