import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The processes of the PostgreSQL on a data directory. */
export function processesOn(dataDir: string) {
  const postmaster = () => Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
  const all = () => [postmaster(), ...childrenOf(postmaster())]

  /** Every process, once the postmaster is stopped: until then it may start one more. */
  function stopped(): number[] {
    const first = postmaster()
    signal(first, 'SIGSTOP')
    while (!['T', 'Z', ''].includes(statusOf(first).state)) Bun.sleepSync(1)
    return all()
  }

  return {
    /** Stops every process by SIGSTOP: connections stay open without answers. The returned function continues them. */
    freeze(): () => void {
      const pids = stopped()
      for (const pid of pids) signal(pid, 'SIGSTOP')
      return () => {
        for (const pid of pids) signal(pid, 'SIGCONT')
      }
    },
    thaw(): void {
      for (const pid of all()) signal(pid, 'SIGCONT')
    },
    /** Kills every process by SIGKILL. PostgreSQL is then started again on the same port. */
    kill(): void {
      for (const pid of stopped()) signal(pid, 'SIGKILL')
    },
  }
}

/** Sends a signal to a process that may have ended since it was listed. */
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
    .filter((pid) => statusOf(pid).parent === parent)
}

/** Without a state: there is no such process. */
function statusOf(pid: number): { state: string; parent: number } {
  try {
    // Behind the command's name in parentheses: state, parent.
    const [state = '', parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { state, parent: Number(parent) }
  } catch {
    return { state: '', parent: 0 }
  }
}
