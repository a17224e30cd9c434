import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'

export type OwnPostgres = Awaited<ReturnType<typeof openOwnPostgres>>

/** A PostgreSQL for one test file alone, to be frozen, killed and restarted without harm to others. */
export async function openOwnPostgres(settings: Record<string, string> = {}) {
  const parent = mkdtempSync(join(tmpdir(), 'manas360-own-'))
  const dataDir = join(parent, 'data')
  const server = await openEmbeddedPostgres({ dataDir, settings: { ...settings } })
  const processes = processesOn(dataDir)
  return {
    url: server.url,
    freeze: processes.freeze,
    kill: processes.kill,
    async stop(): Promise<void> {
      // A test that failed may have left it frozen.
      processes.thaw()
      await server.stop()
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

/** The PostgreSQL that runs on a data directory, as processes. */
export function processesOn(dataDir: string) {
  const postmaster = () => Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
  const all = () => [postmaster(), ...childrenOf(postmaster())]
  return {
    /** Stops every process in its tracks: connections stay open, nobody answers. The returned function lets them go on. */
    freeze(): () => void {
      const pids = all()
      for (const pid of pids) signal(pid, 'SIGSTOP')
      return () => {
        for (const pid of pids) signal(pid, 'SIGCONT')
      }
    },
    thaw(): void {
      for (const pid of all()) signal(pid, 'SIGCONT')
    },
    /** As a power cut: nobody says goodbye. It is started again on the same port. */
    kill(): void {
      for (const pid of all()) signal(pid, 'SIGKILL')
    },
  }
}

/** A worker may have ended since it was listed. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number {
  try {
    // After the command's name in parentheses: state, parent.
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return 0
  }
}
