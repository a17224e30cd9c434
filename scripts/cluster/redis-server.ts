import { end, freePort, untilSaid } from './child.ts'

export type RedisServer = Awaited<ReturnType<typeof startRedisServer>>

/** The programs, in order of preference; Valkey has the same protocol. */
const programs = ['redis-server', 'valkey-server']

/** The installed program, or null. */
export function findRedisServer(): string | null {
  return programs.find((name) => Bun.which(name) !== null) ?? null
}

/**
 * Starts a Redis on 127.0.0.1 that stores nothing on disk.
 * @param settings further arguments, such as `--requirepass`, `secret`
 * @param listen which of its ports is used: `--tls-port` for TLS
 * @throws Error when none is installed, or it does not start
 */
export async function startRedisServer(settings: string[] = [], listen: '--port' | '--tls-port' = '--port') {
  const program = findRedisServer()
  if (!program) throw new Error(`none of ${programs.join(', ')} is installed (apt-get install redis-server)`)
  const port = await freePort()
  let child = await start()

  async function start() {
    const inMemory = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--port', '0', listen, `${port}`]
    const started = Bun.spawn([program ?? '', ...inMemory, ...settings], { stdout: 'pipe', stderr: 'inherit' })
    await untilSaid(started.stdout, /Ready to accept connections/)
    return started
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    /** Kills it by SIGKILL: connections are not closed in order, and its data is lost. */
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await child.exited
    },
    /** Starts it again on the same port, without data. */
    async restart(): Promise<void> {
      child = await start()
    },
    /** Stops it by SIGSTOP: connections stay open without answers. The returned function continues it. */
    freeze(): () => void {
      child.kill('SIGSTOP')
      return () => child.kill('SIGCONT')
    },
    async stop(): Promise<void> {
      // A failed test may have left it stopped.
      child.kill('SIGCONT')
      await end(child)
    },
  }
}
