import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Load, Outcome } from './load.ts'

export const root = join(import.meta.dir, '..')
const canPin = process.platform === 'linux' && Bun.which('taskset') !== null && navigator.hardwareConcurrency > 1

/** Cores of server and load, so that neither takes time from the other; none where processes cannot be pinned. */
export const pinning = canPin ? 'server on core 0, load on core 1' : 'server and load share the cores'

export type Child = { port: number; pid: number; stop(): Promise<void> }
type Environment = Record<string, string>

export function pinned(core: 0 | 1, command: string[]): string[] {
  return canPin ? ['taskset', '-c', `${core}`, ...command] : command
}

/**
 * Runs one load to its end, on a core of its own if `pin`. `generatorSeconds`: processor time of the load itself.
 * @throws Error when the generator failed
 */
export async function runLoad(load: Load, { pin } = { pin: true }): Promise<Outcome & { generatorSeconds: number }> {
  const command = [process.execPath, join(import.meta.dir, 'load.ts')]
  const child = Bun.spawn(pin ? pinned(1, command) : command, {
    stdin: Buffer.from(JSON.stringify(load)),
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0) throw new Error('the load generator failed')
  const generatorSeconds = Number(child.resourceUsage()?.cpuTime.total ?? Number.NaN) / 1e6
  return { ...(JSON.parse(text) as Outcome), generatorSeconds }
}

/** Starts a stage of the chain, or bare Hono, on one core. */
export async function startStage(
  stage: 'bare' | 'reading' | number,
  environment: Environment,
): Promise<Child & { name: string; steps: number }> {
  const child = Bun.spawn(pinned(0, [process.execPath, join(import.meta.dir, 'stage.ts'), `${stage}`]), {
    env: { ...process.env, ...environment },
    stdout: Bun.file('/dev/null'),
    stderr: 'pipe',
  })
  const { port, name, steps } = JSON.parse(await firstLine(child.stderr))
  return { port, name, steps, pid: child.pid, stop: () => end(child) }
}

type ServerOptions = {
  pin: boolean
  command?: string[]
  /** The file that the log is appended to; without one it is discarded. */
  log?: string
}

/** Starts the server as in production, with its log in a file. Resolves when it is ready. */
export function startServer(
  environment: Environment,
  { pin, command = [process.execPath, '--no-env-file', join(root, 'src/main.ts'), 'serve'], log }: ServerOptions,
): Promise<Child & { readyMs: number }> {
  return startProgram(command, environment, { pin, log })
}

/**
 * Starts a program that listens on PORT (a free one unless the environment has it) and answers /ready. `readyMs`: from
 * spawning to that.
 */
export async function startProgram(
  command: string[],
  environment: Environment,
  { pin, log }: Pick<ServerOptions, 'pin' | 'log'> = { pin: true },
): Promise<Child & { readyMs: number }> {
  const port = Number(environment.PORT ?? (await freePort()))
  const startedAt = performance.now()
  const child = Bun.spawn(pin ? pinned(0, command) : command, {
    env: { ...environment, PATH: process.env.PATH ?? '', PORT: `${port}`, HOST: '127.0.0.1' },
    stdout: log ? openSync(log, 'a') : 'ignore',
    stderr: 'inherit',
  })
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`)
    if (performance.now() - startedAt > 30_000) {
      child.kill('SIGKILL')
      throw new Error('the server was not ready in 30 s')
    }
    await Bun.sleep(1)
  }
  return { port, pid: child.pid, readyMs: performance.now() - startedAt, stop: () => end(child) }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).ok
  } catch {
    return false
  }
}

async function end(child: Bun.Subprocess): Promise<void> {
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await child.exited
  clearTimeout(late)
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += new TextDecoder().decode(chunk)
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'))
  }
  throw new Error(`the process ended before it listened: ${text}`)
}

export async function freePort(): Promise<number> {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  return port
}

/** Pins a process, its present threads and future children to the load's core. */
export function moveToLoadCore(pid: number): void {
  if (!canPin) return
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  for (const one of [`${pid}`, ...children].filter((text) => text !== ''))
    Bun.spawnSync(['taskset', '-a', '-p', '-c', '1', one], { stdout: 'ignore', stderr: 'ignore' })
}

/** Resident memory of a process in megabytes; NaN where the system does not report it. */
export function residentMegabytes(pid: number): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kilobytes ?? Number.NaN) / 1024
  } catch {
    return Number.NaN
  }
}

/** Processor time of a process in seconds; NaN where the system does not report it. */
export function coreSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}
