import postgres from 'postgres'
import type { Sql, Tx } from '../../src/db/types.ts'

type PlanNode = {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}
type Explained = { 'Query Text': string; Plan: PlanNode }

/**
 * A handle that records how PostgreSQL ran each statement, also inside functions: its own log of plans, sent as
 * notices. One connection, so that statements use cached plans as in a pool that has run for a while.
 */
export async function openExplained(url: string) {
  const explained: Explained[] = []
  const client = postgres(url, {
    max: 1,
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    connection: { TimeZone: 'UTC' },
    onnotice: ({ message = '' }) => {
      if (message.includes('plan:')) explained.push(JSON.parse(message.slice(message.indexOf('{'))) as Explained)
    },
  })
  await client`load 'auto_explain'`
  for (const [name, value] of [
    ['log_min_duration', '0'],
    ['log_format', 'json'],
    ['log_analyze', 'on'],
    ['log_buffers', 'on'],
    ['log_timing', 'off'],
    ['log_level', 'notice'],
    ['log_nested_statements', 'on'],
  ])
    await client`select set_config(${`auto_explain.${name}`}, ${value ?? ''}, false)`
  return {
    sql: nested(client),
    /** The plans of the statements that `work` runs. */
    async during(work: () => Promise<unknown>): Promise<Explained[]> {
      explained.length = 0
      await work()
      return [...explained]
    },
    close: () => client.end({ timeout: 2 }),
  }
}

/** The driver's own handle in place of the service's: items pushed to `committed` have no listeners. */
function nested(client: postgres.Sql): Sql {
  const begin = <T>(work: (tx: Tx) => Promise<T>) =>
    client.begin((tx) => work(Object.assign(tx, { committed: [] }) as never))
  return new Proxy(client, {
    get: (target, key) => (key === 'begin' ? begin : Reflect.get(target, key)),
  }) as unknown as Sql
}

export function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

/** Pages that a statement touched, in memory or not: a cost that other load does not change. */
export function blocksOf({ Plan: plan }: Explained): number {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}
