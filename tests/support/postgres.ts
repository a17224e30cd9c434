import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processesOn } from '../../scripts/cluster/postgres-processes.ts'
import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'

/**
 * A PostgreSQL of one test file, which may freeze, kill and restart it. Nothing is flushed to disk: committed data
 * survives the end of its processes all the same, in the system's cache.
 */
export async function openOwnPostgres(settings: Record<string, string> = {}) {
  const parent = mkdtempSync(join(tmpdir(), 'manas360-own-'))
  const dataDir = join(parent, 'data')
  const server = await openEmbeddedPostgres({ dataDir, settings: { fsync: 'off', ...settings } })
  const processes = processesOn(dataDir)
  return {
    url: server.url,
    freeze: processes.freeze,
    kill: processes.kill,
    async stop(): Promise<void> {
      // A failed test may have left it frozen.
      processes.thaw()
      await server.stop()
      rmSync(parent, { recursive: true, force: true })
    },
  }
}
