import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './child.ts'
import { type Environment, type Instance, startInstance } from './instance.ts'
import { startProxy } from './proxy.ts'

export type Cluster = Awaited<ReturnType<typeof openCluster>>

type Options = {
  instances: number
  databaseUrl: string
  /** Absent: each instance counts its own rate limits. */
  redisUrl?: string
  /** The environment of every instance: secrets, and values that differ from the defaults. */
  environment: Environment
  /** The program; default: the sources. */
  command?: string[]
}

const sources = [process.execPath, '--no-env-file', join(import.meta.dir, '../../src/main.ts')]

/**
 * Several instances on one database behind haproxy, all on 127.0.0.1. A restarted instance keeps its port. After
 * SIGTERM an instance serves for half a second more, until haproxy has read its /ready.
 * @throws Error when something does not start; everything that did is stopped
 */
export async function openCluster({
  instances: count,
  databaseUrl,
  redisUrl,
  environment,
  command = sources,
}: Options) {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'manas360-cluster-'))
  const ports: number[] = []
  for (let i = 0; i < count; i++) ports.push(await freePort())
  const instances: Instance[] = []
  const proxy = await startProxy(ports, directory)

  function start(index: number, own: Environment): Promise<Instance> {
    const all = {
      PUBLIC_URL: proxy.url,
      TRUSTED_PROXIES: '127.0.0.1/32',
      DRAIN_DELAY_MS: '500',
      DATABASE_URL: databaseUrl,
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl, REDIS_TIMEOUT_MS: '1000' }),
      ...environment,
      ...own,
      PORT: `${ports[index]}`,
    }
    return startInstance(command, all, join(directory, `instance-${index + 1}.log`))
  }

  function at(index: number): Instance {
    const found = instances[index]
    if (!found) throw new Error(`there is no instance ${index}; the first is 0`)
    return found
  }

  async function restart(index: number, own: Environment = {}): Promise<void> {
    await at(index).stop()
    instances[index] = await start(index, own)
    await proxy.untilServing(index)
  }

  async function stop(): Promise<void> {
    await Promise.all([proxy.stop(), ...instances.map((instance) => instance.stop('SIGINT'))])
    rmSync(directory, { recursive: true, force: true })
  }

  try {
    // The first instance migrates.
    for (let i = 0; i < count; i++) instances.push(await start(i, {}))
    for (let i = 0; i < count; i++) await proxy.untilServing(i)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    /** The URL of the proxy, for clients. */
    url: proxy.url,
    /** haproxy's status page. */
    statusUrl: proxy.statusUrl,
    /** The directory of the instances' logs. */
    directory,
    /** The URLs of the instances, without the proxy. */
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    /** Kills one instance by SIGKILL. */
    kill: (index: number): Promise<void> => at(index).kill(),
    /** Stops an instance, if it runs, and starts it with other variables. Resolves once the proxy sends it requests. */
    restart,
    /** Restarts one instance after the other with these variables, without an interruption for clients. */
    async rollingRestart(own: Environment = {}): Promise<void> {
      for (let i = 0; i < count; i++) await restart(i, own)
    },
    stop,
  }
}
