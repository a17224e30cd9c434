import { expect } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'

const program = join(import.meta.dir, 'embedded-user.ts')

/** A process of its own that has opened the data directory, until it is told to stop in order or to exit. */
export async function openInProcess(directory: string) {
  const child = Bun.spawn([process.execPath, program, directory], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const { value } = await child.stdout.getReader().read()
  return {
    process: child,
    url: new TextDecoder().decode(value).trim(),
    async say(word: 'stop' | 'exit'): Promise<void> {
      child.stdin.write(`${word}\n`)
      child.stdin.flush()
      expect(await child.exited).toBe(0)
    },
  }
}

export async function ask(url: string, query: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return [...(await sql.unsafe(query))]
  } finally {
    await sql.end()
  }
}

/** The pid in the data directory's postmaster.pid. */
export function readPostmaster(directory: string): number {
  return Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0])
}

export function isRunning(pid: number): boolean {
  return !['', 'Z'].includes(processState(pid))
}

/** After giving up its memory and before it is a zombie, a process that has ended may still be visible. */
export async function untilEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await Bun.sleep(5)
}

/** One letter, `Z` for a zombie; empty without such a process. */
export function processState(pid: number): string {
  return statFields(pid)[0] ?? ''
}

export function sessionOf(pid: number): number {
  return Number(statFields(pid)[3])
}

/** /proc/PID/stat after the name in parentheses: state, parent, group, session. */
function statFields(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  } catch {
    return []
  }
}
