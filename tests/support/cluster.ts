import postgres from 'postgres'

/** PostgreSQL's "object in use": the template has connections. */
const objectInUse = '55006'
const attempts = 1200

type Close = () => Promise<void>
/** Functions that close what is open on each database, by its name. */
const openOn = new Map<string, Set<Close>>()

/**
 * A `close` that runs once: by its file's own hook, or before the database is dropped, because services close slowly
 * without one.
 */
export function closedBeforeDrop(url: string, close: Close): Close {
  const name = new URL(url).pathname.slice(1)
  const users = openOn.get(name) ?? new Set()
  let closing: Promise<void> | undefined
  const once = () => (closing ??= close().finally(() => users.delete(once)))
  openOn.set(name, users.add(once))
  return once
}

/**
 * A database with the schema and the seeded catalogue, copied from the template of `bun run test`. `drop` closes
 * everything that was opened on it, and ends its connections.
 */
export async function createDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const { TEST_DATABASE_URL: server, TEST_TEMPLATE: template } = process.env
  if (!server || !template)
    throw new Error('This test needs a database: run it with "bun run test [path…]", not with "bun test".')
  const name = `${template.replace('app_template_', 't_')}_${crypto.randomUUID().slice(0, 8)}`
  await onServer(server, (sql) => copy(sql, template, name))
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    async drop() {
      await Promise.all([...(openOn.get(name) ?? [])].map((close) => close()))
      await onServer(server, (sql) => sql`drop database if exists ${sql(name)} with (force)`)
    },
  }
}

async function copy(sql: postgres.Sql, template: string, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Not by way of the log: a third of the cost, and nothing of the copy displaces what others have in memory.
      await sql`create database ${sql(name)} template ${sql(template)} strategy file_copy`
      return
    } catch (error) {
      const busy = error instanceof postgres.PostgresError && error.code === objectInUse
      if (!busy || attempt === attempts) throw error
      await Bun.sleep(50)
    }
  }
}

async function onServer<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 60 })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
