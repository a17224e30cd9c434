import { end } from './child.ts'

export type Instance = Awaited<ReturnType<typeof startInstance>>
export type Environment = Record<string, string>

/**
 * Starts a server on 127.0.0.1 and waits until it is ready; its log goes to `logFile`.
 * @param command the program, e.g. `['dist/manas360']`
 * @throws Error when it ends before, or is not ready within a minute
 */
export async function startInstance(command: string[], environment: Environment, logFile: string) {
  const child = Bun.spawn([...command, 'serve'], {
    env: { PATH: process.env.PATH ?? '', ...environment, HOST: '127.0.0.1' },
    stdout: Bun.file(logFile),
    stderr: 'inherit',
  })
  const url = `http://127.0.0.1:${environment.PORT}`
  const endsAt = Date.now() + 60_000
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`an instance ended with code ${child.exitCode}; see ${logFile}`)
    if (Date.now() > endsAt) {
      child.kill('SIGKILL')
      throw new Error(`an instance was not ready in a minute; see ${logFile}`)
    }
    await Bun.sleep(10)
  }
  return {
    url,
    pid: child.pid,
    /** Kills it by SIGKILL. */
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await child.exited
    },
    /**
     * Stops it in order. SIGINT where the terminal may have sent the same: any other second signal would end it at
     * once.
     */
    stop: (signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM') => end(child, 30, signal),
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ready`)).ok
  } catch {
    return false
  }
}
