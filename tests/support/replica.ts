import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { processesOn } from '../../scripts/cluster/postgres-processes.ts'
import { migrate } from '../../src/db/migrate.ts'
import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'

/** A primary with the schema and a streaming replica of it, for one test file. `more`: settings of both. */
export async function openReplicatedPostgres(more: Record<string, string> = {}) {
  const parent = mkdtempSync(join(tmpdir(), 'manas360-replicated-'))
  const [primaryDirectory, replicaDirectory] = [join(parent, 'primary'), join(parent, 'replica')]

  const first = await openEmbeddedPostgres({ dataDir: primaryDirectory })
  await migrate({ url: first.url })
  await first.stop()
  appendFileSync(join(primaryDirectory, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 trust\n')
  // A plain copy of a stopped server is a base backup.
  cpSync(primaryDirectory, replicaDirectory, { recursive: true })
  writeFileSync(join(replicaDirectory, 'standby.signal'), '')

  const settings = { log_statement: 'all', ...more }
  const primary = await openEmbeddedPostgres({ dataDir: primaryDirectory, settings })
  const { port } = new URL(primary.url)
  const source = `host=127.0.0.1 port=${port} user=postgres`
  const replica = await openEmbeddedPostgres({
    dataDir: replicaDirectory,
    settings: { ...settings, wal_retrieve_retry_interval: '100ms' },
  })
  const processes = processesOn(replicaDirectory)
  const onReplica = postgres(replica.url, { max: 1, onnotice: () => {} })

  /** Starts replication, or starts it again. */
  async function connect(): Promise<void> {
    await onReplica.unsafe(`alter system set primary_conninfo = '${source}'`)
    await onReplica`select pg_reload_conf()`
  }
  await connect()

  return {
    primaryUrl: primary.url,
    replicaUrl: replica.url,
    /** The test's own connection. */
    onReplica,
    /** The replica receives and replays nothing: its data gets older with every change. */
    pause: () => onReplica`select pg_wal_replay_pause()`,
    resume: () => onReplica`select pg_wal_replay_resume()`,
    /** Cuts the connection between the two. */
    async disconnect(): Promise<void> {
      await onReplica`alter system set primary_conninfo = ''`
      await onReplica`select pg_reload_conf()`
    },
    connect,
    async startedAt(): Promise<number> {
      const [row] = await onReplica<{ at: Date }[]>`select pg_postmaster_start_time() as at`
      return row?.at.getTime() ?? 0
    },
    freeze: processes.freeze,
    kill: processes.kill,
    async stop(): Promise<void> {
      // A failed test may have left it frozen.
      processes.thaw()
      await onReplica.end({ timeout: 1 })
      await Promise.all([replica.stop(), primary.stop()])
      rmSync(parent, { recursive: true, force: true })
    },
    /** How many statements with `text` were sent to each, since the start. */
    statements: (text: string) => ({
      primary: count(`${primaryDirectory}.log`, text),
      replica: count(`${replicaDirectory}.log`, text),
    }),
  }
}

function count(log: string, text: string): number {
  return readFileSync(log, 'utf8').split(text).length - 1
}
