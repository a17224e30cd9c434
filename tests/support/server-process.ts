import { patience, testSecrets } from './app.ts'
import { compiledProgram } from './compiled.ts'

/** The pause between two looks of `until`, in milliseconds. */
const pauseMs = 5

export type ServerProcess = Awaited<ReturnType<typeof startServerProcess>>

/**
 * The real server as a process of its own, which can be killed and stopped. Resolves once it serves.
 * @param program how it is started; default: compiled
 */
export async function startServerProcess(
  databaseUrl: string,
  environment: Record<string, string> = {},
  program?: string[],
) {
  const child = Bun.spawn([...(program ?? [await compiledProgram()]), 'serve'], {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'test',
      ...testSecrets,
      ...patience,
      DATABASE_URL: databaseUrl,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
      RATE_LIMIT_GLOBAL: 'off',
      RATE_LIMIT_AUTH: 'off',
      RATE_LIMIT_REGISTER: 'off',
      RATE_LIMIT_PASSWORD: 'off',
      RATE_LIMIT_MAIL: 'off',
      RATE_LIMIT_API: 'off',
      ...environment,
    },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let hasExited = false
  const exited = child.exited.finally(() => {
    hasExited = true
  })
  const port = await readPort(child.stdout)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    /** The exit code, once it has ended. */
    exited,
    /** The exit code. @throws Error when it goes on for longer */
    async exitWithin(seconds: number): Promise<number> {
      await until(() => hasExited, seconds, 'it ends')
      return exited
    },
    signal: (signal: 'SIGTERM' | 'SIGKILL') => child.kill(signal),
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

async function readPort(output: ReadableStream<Uint8Array>): Promise<number> {
  let text = ''
  for await (const chunk of output) {
    text += new TextDecoder().decode(chunk)
    const port = /serving on http:\/\/localhost:(\d+)/.exec(text)?.[1]
    if (port) return Number(port)
  }
  throw new Error(`the server ended before it served: ${text}`)
}

/**
 * Resolves when `condition` holds. The seconds are counted by the pauses between two looks, which a busy machine makes
 * longer for this process as for the one that it waits for.
 * @throws Error when it does not within `seconds`
 */
export async function until(condition: () => boolean | Promise<boolean>, seconds: number, what: string): Promise<void> {
  for (let left = (seconds * 1000) / pauseMs; !(await condition()); left--) {
    if (left <= 0) throw new Error(`${what}: not within ${seconds} s`)
    await Bun.sleep(pauseMs)
  }
}

/** The status of /ready; 0 without an answer. */
export async function readiness(url: string): Promise<number> {
  try {
    return (await fetch(`${url}/ready`)).status
  } catch {
    return 0
  }
}
