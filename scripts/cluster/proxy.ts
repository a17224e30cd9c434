import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { end, freePort } from './child.ts'

export type Proxy = Awaited<ReturnType<typeof startProxy>>

/**
 * Starts haproxy on 127.0.0.1 in front of the instances on `ports`. Instances that answer /ready get requests in turn,
 * with the client's address in X-Forwarded-For.
 * @throws Error when it is not installed, or does not start
 */
export async function startProxy(ports: number[], directory: string) {
  if (!Bun.which('haproxy')) throw new Error('haproxy is not installed (apt-get install haproxy)')
  const [port, statusPort] = [await freePort(), await freePort()]
  const file = join(directory, 'haproxy.cfg')
  writeFileSync(file, configuration(port, statusPort, ports))
  const child = Bun.spawn(['haproxy', '-db', '-f', file], {
    stdout: Bun.file(join(directory, 'haproxy.log')),
    stderr: Bun.file(join(directory, 'haproxy.err')),
  })

  /** Whether each instance gets requests, by haproxy's status. */
  async function statuses(): Promise<boolean[]> {
    const response = await fetch(`http://127.0.0.1:${statusPort}/;csv`)
    const rows = (await response.text()).split('\n').map((line) => line.split(','))
    return rows
      .filter(([backend, name]) => backend === 'instances' && name !== 'BACKEND')
      .map((row) => row[17] === 'UP')
  }

  async function isAnswering(): Promise<boolean> {
    return statuses().then(
      () => true,
      () => false,
    )
  }

  while (!(await isAnswering())) {
    if (child.exitCode !== null)
      throw new Error(`haproxy did not start: ${await Bun.file(join(directory, 'haproxy.err')).text()}`)
    await Bun.sleep(10)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    statusUrl: `http://127.0.0.1:${statusPort}/`,
    /** Resolves once the instance gets requests. @throws Error when it does not within 30 s, counted by the pauses */
    async untilServing(index: number): Promise<void> {
      for (let left = 30_000 / 20; !(await statuses())[index]; left--) {
        if (left <= 0) throw new Error(`haproxy gives instance ${index + 1} no requests`)
        await Bun.sleep(20)
      }
    },
    stop: () => end(child),
  }
}

/**
 * A failed check takes an instance out at once; it returns after two good ones. A slow answer is no failure: on a busy
 * machine all of them may be slow. A refused connection is tried
 * elsewhere; a request that was sent is not, because it may have been carried out.
 */
function configuration(port: number, statusPort: number, ports: number[]): string {
  const servers = ports.map((port, i) => `  server i${i + 1} 127.0.0.1:${port} check inter 100ms fall 1 rise 2`)
  return `global
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout check 10s
  retries 3
  option redispatch 1
  retry-on conn-failure
  option http-server-close
  option forwardfor
frontend clients
  bind 127.0.0.1:${port}
  default_backend instances
frontend status
  bind 127.0.0.1:${statusPort}
  stats enable
  stats uri /
  stats refresh 2s
backend instances
  balance roundrobin
  option httpchk
  http-check send meth GET uri /ready ver HTTP/1.1 hdr Host localhost hdr Connection close
  http-check expect status 200
${servers.join('\n')}
`
}
