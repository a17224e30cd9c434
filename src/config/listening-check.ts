import { toWrittenHost } from './listening-address.ts'
import type { InstanceConfig } from './variables.ts'

type Address = Pick<InstanceConfig, 'host' | 'port' | 'reusePort'>

/** Tests HOST and PORT by listening briefly. @throws Error with advice where that fails */
export function requireFreeAddress({ host, port, reusePort }: Address): void {
  const server = withAdvice({ host, port }, () =>
    Bun.serve({ hostname: host, port, reusePort, fetch: () => new Response(null, { status: 503 }) }),
  )
  void server.stop(true)
}

/** Listens. @throws Error with advice where the operating system refuses */
export function withAdvice<T>({ host, port }: Pick<Address, 'host' | 'port'>, listen: () => T): T {
  try {
    return listen()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const advice = adviceFor(code, toWrittenHost(host), port)
    throw advice ? new Error(advice, { cause: error }) : error
  }
}

function adviceFor(code: string, host: string, port: number): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use by another program. Stop that, or set PORT to a free one (0: any).`
    case 'EADDRNOTAVAIL':
      return `HOST ${host} is no address of this host. Set HOST to one of its own, or to 0.0.0.0 for all of them.`
    case 'EACCES':
      return `Port ${port} is not for this user. Set PORT to 1024 or more.`
    default:
      return null
  }
}
