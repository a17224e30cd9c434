#!/usr/bin/env bun
import { randomBytes } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { signalToStop } from '../src/cli/signals.ts'
import { generateKeySet } from '../src/crypto/key-rotation.ts'
import { asymmetricAlgorithms } from '../src/crypto/signing-keys.ts'
import { openEmbeddedPostgres } from '../src/embedded-postgres/open.ts'
import { aborted } from '../src/server.ts'
import { openCluster } from './cluster/cluster.ts'
import type { Environment } from './cluster/instance.ts'
import { findRedisServer, startRedisServer } from './cluster/redis-server.ts'

const usage = `Several instances on one PostgreSQL and one Redis, behind haproxy: bun scripts/cluster.ts [options]

  --instances N       how many; 3 unless said otherwise
  --algorithm A       how access tokens are signed: HS256 (default), ES256 or EdDSA, with keys of their own
  --database URL      a PostgreSQL to use; unless given, one of its own, thrown away at the end
  --redis URL         a Redis to use; unless given, redis-server or valkey-server if installed, else none
  --program FILE      a compiled program instead of the sources, e.g. dist/manas360
  --env NAME=VALUE    a variable of every instance; may be repeated
  --help              this text

Needs haproxy (apt-get install haproxy). Everything listens on 127.0.0.1 alone. Ctrl-C stops all of it, and leaves nothing
behind but what was written to a given database.`

const { values: options } = parse()
if (options.help) say(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const stop = signalToStop()
  const count = Number(options.instances ?? 3)
  if (!Number.isInteger(count) || count < 1 || count > 20) return refuse('--instances takes a number from 1 to 20')
  const environment = { ...secrets(), ...(await algorithm(options.algorithm)), ...pairs(options.env ?? []) }
  /** Functions that undo each step at the end, the last first. */
  const undo: (() => Promise<void>)[] = []
  try {
    const databaseUrl = options.database ?? (await openDatabase(undo))
    const redisUrl = options.redis ?? (await openRedisServer(undo))
    const command = options.program === undefined ? undefined : [options.program]
    const cluster = await openCluster({ instances: count, databaseUrl, redisUrl, environment, command })
    undo.push(cluster.stop)
    say(`
${count} instances of MANAS360 behind haproxy
  clients     ${cluster.url}
  reference   ${cluster.url}/docs
  instances   ${cluster.urls.join('  ')}
  haproxy     ${cluster.statusUrl}
  database    ${withoutPassword(databaseUrl)}
  redis       ${redisUrl === undefined ? 'none' : withoutPassword(redisUrl)}
  logs        ${cluster.directory}
  superadmin  DATABASE_URL='${withoutPassword(databaseUrl)}' AUDIT_KEY='${environment.AUDIT_KEY}' bun src/main.ts create-admin --email you@example.com
  stop        Ctrl-C`)
    await aborted(stop)
    say('stopping …')
    return 0
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  } finally {
    for (const work of undo.reverse()) await work()
  }
}

async function openDatabase(undo: (() => Promise<void>)[]): Promise<string> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'manas360-cluster-database-'))
  undo.push(async () => rmSync(directory, { recursive: true, force: true }))
  const database = await openEmbeddedPostgres({ dataDir: join(directory, 'postgres'), onProgress: say })
  undo.push(database.stop)
  return database.url
}

async function openRedisServer(undo: (() => Promise<void>)[]): Promise<string | undefined> {
  if (!findRedisServer()) {
    say(`
!! No Redis: neither redis-server nor valkey-server is installed, and no --redis was given.
!! Each instance counts its rate limits for itself, so every limit is multiplied by their number.
`)
    return undefined
  }
  const redis = await startRedisServer()
  undo.push(redis.stop)
  return redis.url
}

/** The secrets of all instances, valid for this run. */
function secrets(): Environment & { AUDIT_KEY: string } {
  const secret = () => randomBytes(48).toString('base64')
  return { JWT_SECRET: secret(), JWT_REFRESH_SECRET: secret(), AUDIT_KEY: secret(), DATA_KEY: secret() }
}

async function algorithm(name = 'HS256'): Promise<Environment> {
  if (name === 'HS256') return {}
  const known = asymmetricAlgorithms.find((algorithm) => algorithm === name)
  if (!known) throw new Error(`--algorithm takes HS256, ${asymmetricAlgorithms.join(' or ')}`)
  const set = await generateKeySet(known, Math.floor(Date.now() / 1000))
  return { JWT_ALGORITHM: known, JWT_KEYS: JSON.stringify(set) }
}

function pairs(list: string[]): Environment {
  return Object.fromEntries(list.map((pair) => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]))
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  if (url.password) url.password = '…'
  return url.href
}

function parse() {
  try {
    return parseArgs({
      options: {
        instances: { type: 'string' },
        algorithm: { type: 'string' },
        database: { type: 'string' },
        redis: { type: 'string' },
        program: { type: 'string' },
        env: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exit(64)
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 1
}
