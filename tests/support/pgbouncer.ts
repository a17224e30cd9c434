import { afterAll } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/cluster/child.ts'
import { until } from './server-process.ts'

const program = Bun.which('pgbouncer') ?? (Bun.which('/usr/sbin/pgbouncer') as string | null)
/** Without the program the tests are skipped, except in CI. */
export const skipped = !program && process.env.CI !== 'true'
if (skipped)
  process.stderr.write('SKIPPED: no pooler is tested, for pgbouncer is missing (apt-get install pgbouncer)\n')

/**
 * The real PgBouncer in transaction mode in front of the server of `databaseUrl`, as strict as possible: it keeps no
 * prepared statements for clients, and has so few connections that no client gets the same one twice in a row.
 */
export async function openPgBouncer(databaseUrl: string): Promise<string> {
  if (!program) throw new Error('pgbouncer is missing')
  const server = new URL(databaseUrl)
  // Outside of the run's own directory, which belongs to root.
  const directory = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'manas360-pgbouncer-'))
  const file = (name: string) => join(directory, name)
  const port = await freePort()
  const quoted = (text: string) => `"${decodeURIComponent(text).replaceAll('"', '""')}"`
  writeFileSync(file('users.txt'), `${quoted(server.username)} ${quoted(server.password)}\n`)
  writeFileSync(
    file('pgbouncer.ini'),
    `[databases]
* = host=${server.hostname} port=${server.port || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${file('users.txt')}
pool_mode = transaction
default_pool_size = 3
${knowsPreparedStatements(program) ? 'max_prepared_statements = 0\n' : ''}`,
  )
  for (const path of [directory, file('users.txt'), file('pgbouncer.ini')]) chmodSync(path, 0o755)
  const asNobody = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = Bun.spawn([program, '-q', ...asNobody, file('pgbouncer.ini')], { stdout: 'ignore', stderr: 'inherit' })
  afterAll(async () => {
    child.kill('SIGKILL')
    await child.exited
    rmSync(directory, { recursive: true, force: true })
  })
  await until(() => listens(port), 10, 'pgbouncer listens')
  server.hostname = '127.0.0.1'
  server.port = `${port}`
  return server.href
}

/**
 * Whether it keeps prepared statements unless it is told not to (from 1.21); earlier versions do not know the setting.
 */
function knowsPreparedStatements(program: string): boolean {
  const { stdout } = Bun.spawnSync([program, '--version'])
  const [, major = 0, minor = 0] = /PgBouncer (\d+)\.(\d+)/.exec(stdout.toString()) ?? []
  return Number(major) > 1 || Number(minor) >= 21
}

async function listens(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}
