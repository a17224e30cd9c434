import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** PostgreSQL could not be started or stopped; the message has advice. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError'
}

export type Postmaster = {
  pid: number
  port: number
  /** Waits until the process has ended. */
  untilEnd: () => Promise<void>
}

const readySeconds = 60

/** Finds the running postmaster, once it accepts connections; null if there is none. Waits for one that is stopping. */
export async function findPostmaster(directory: string): Promise<Postmaster | null> {
  const deadline = performance.now() + readySeconds * 1000
  for (;;) {
    const found = readPidFile(directory)
    if (!found) return null
    if (found.status === 'ready') return { ...found, untilEnd: () => untilGone(found.pid, directory) }
    if (performance.now() > deadline)
      throw new PostgresError(`PostgreSQL (process ${found.pid}) does not become ready.`)
    await Bun.sleep(10)
  }
}

/** Fast shutdown (rolls back open transactions); if that fails, immediate shutdown, and then SIGKILL. */
export async function stopPostmaster(directory: string): Promise<void> {
  const found = readPidFile(directory)
  if (!found) return
  const steps = [
    ['SIGINT', 8],
    ['SIGQUIT', 6],
    ['SIGKILL', 2],
  ] as const
  for (const [signal, seconds] of steps) {
    sendSignal(found.pid, signal)
    // A process stopped with SIGSTOP must be continued to handle signals.
    sendSignal(found.pid, 'SIGCONT')
    const deadline = performance.now() + seconds * 1000
    while (performance.now() < deadline) {
      if (!isPostmaster(found.pid, directory)) return
      await Bun.sleep(10)
    }
  }
  throw new PostgresError(`PostgreSQL (process ${found.pid}) cannot be ended.`)
}

/** Signals the postmaster to end, or the process `starting` if there is no pid file yet. Does not wait. */
export function interruptPostmaster(directory: string, starting: number | undefined): void {
  const pid = readPidFile(directory)?.pid ?? starting
  if (pid !== undefined) sendSignal(pid, 'SIGINT')
}

type PidFile = { pid: number; port: number; status: string }

/** Reads postmaster.pid, if its process still runs: the file survives kill -9. */
function readPidFile(directory: string): PidFile | null {
  let text: string
  try {
    text = readFileSync(join(directory, 'postmaster.pid'), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!(pid > 1 && isPostmaster(pid, directory))) return null
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() ?? 'starting' }
}

/**
 * Whether `pid` is this directory's postmaster: not a zombie, which has no command line, nor a process that reuses the
 * pid.
 */
function isPostmaster(pid: number, directory: string): boolean {
  if (process.platform === 'win32') return sendSignal(pid, 0)
  return commandOf(pid).includes(`-D ${directory} -c `)
}

/** The command line of a process, separated by spaces; empty if it does not exist or is a zombie. */
export function commandOf(pid: number): string {
  if (process.platform !== 'linux') return spawnSync('ps', ['-ww', '-o', 'command=', '-p', `${pid}`]).stdout.toString()
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    // ENOENT or, if it ends while being read, ESRCH.
    return ''
  }
}

async function untilGone(pid: number, directory: string): Promise<void> {
  // Polled: only a parent is notified of the end of a process. The timer does not keep this process alive.
  while (isPostmaster(pid, directory)) await new Promise((resolve) => setTimeout(resolve, 250).unref())
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
