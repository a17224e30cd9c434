import { end, freePort, untilSaid } from './child.ts'

export type RedisServer = Awaited<ReturnType<typeof startRedisServer>>

/** What provides it, in order of preference: Valkey speaks the same protocol. */
const programs = ['redis-server', 'valkey-server']

/** The program that is installed here, if one is. */
export function findRedisServer(): string | null {
  return programs.find((name) => Bun.which(name) !== null) ?? null
}

/**
 * A Redis on 127.0.0.1 that keeps nothing on disk.
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
    /** As a crash: nobody says goodbye, and what was counted is gone. */
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await child.exited
    },
    /** Empty, on the same port. */
    async restart(): Promise<void> {
      child = await start()
    },
    /** Stops it in its tracks: connections stay open, nothing is answered. The returned function lets it go on. */
    freeze(): () => void {
      child.kill('SIGSTOP')
      return () => child.kill('SIGCONT')
    },
    async stop(): Promise<void> {
      // A test that failed may have left it frozen.
      child.kill('SIGCONT')
      await end(child)
    },
  }
}
