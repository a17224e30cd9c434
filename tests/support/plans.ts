import postgres from 'postgres'
import type { Sql, Tx } from '../../src/db/types.ts'

export type PlanNode = {
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
 * A handle that tells how PostgreSQL ran each statement, those inside functions too: its own log of plans, as a notice.
 * One connection, so that a statement meets its kept plan as it does in a pool that has been up for a while.
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

/** The driver's own handle in the place of the service's: what a transaction makes known after its commit, nobody hears. */
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

/** Pages that a statement touched, in memory or not: its cost, whatever else the machine is doing. */
export function blocksOf({ Plan: plan }: Explained): number {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}
