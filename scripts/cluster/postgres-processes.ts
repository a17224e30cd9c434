import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

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
