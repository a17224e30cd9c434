import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { type Child, startProgram } from './processes.ts'
import type { Person } from './requests.ts'

const directory = join(import.meta.dir, 'peers')
const password = 'seven quiet herons at dawn'

/** A server made of other libraries, with the same function as ours. */
export type Peer = Child & { name: string; readyMs: number; person: Person }
type Kind = { name: string; program: 'node' | 'bun'; file: string; signUp(url: string): Promise<Person> }

const kinds: Kind[] = [
  { name: 'Fastify', program: 'node', file: 'fastify.mjs', signUp: signUpAtFastify },
  { name: 'Better Auth', program: 'bun', file: 'better-auth.mjs', signUp: signUpAtBetterAuth },
]

/**
 * Installs the packages of the peers by npm, in the exact versions of their package.json. @returns the fault, or null
 */
export async function installPeers(): Promise<string | null> {
  if (!Bun.which('node') || !Bun.which('npm')) return 'there is no node and npm here'
  const { dependencies } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  if (Object.entries(dependencies).every(([name, version]) => installedVersion(name) === version)) return null
  const npm = Bun.spawn(['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: directory,
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const complaint = await new Response(npm.stderr).text()
  return (await npm.exited) === 0 ? null : `npm install failed: ${complaint.trim().slice(0, 400)}`
}

function installedVersion(name: string): string | undefined {
  const manifest = join(directory, 'node_modules', name, 'package.json')
  return existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version : undefined
}

/**
 * Starts a peer, pinned to the server's core, on an empty database beside ours. `missing` says why it cannot be
 * started.
 */
export async function startPeer(name: string, databaseUrl: string): Promise<Peer | { missing: string }> {
  const kind = kinds.find((one) => one.name === name)
  if (!kind) throw new Error(`there is no peer called ${name}`)
  const url = await databaseBeside(databaseUrl, kind.file.replace(/\W/g, '_'))
  const program = kind.program === 'bun' ? process.execPath : 'node'
  try {
    const child = await startProgram([program, join(directory, kind.file)], {
      DATABASE_URL: url,
      NODE_ENV: 'production',
    })
    return { ...child, name, person: await kind.signUp(`http://127.0.0.1:${child.port}`) }
  } catch (error) {
    return { missing: `${name} did not start: ${error instanceof Error ? error.message : error}` }
  }
}

async function databaseBeside(databaseUrl: string, suffix: string): Promise<string> {
  const url = new URL(databaseUrl)
  const name = `${url.pathname.slice(1)}_${suffix}`
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  const [known] = await sql`select 1 from pg_database where datname = ${name}`
  if (!known) await sql`create database ${sql(name)}`
  await sql.end({ timeout: 5 })
  url.pathname = `/${name}`
  return url.href
}

async function post(url: string, value: unknown): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response
}

async function signUpAtFastify(url: string): Promise<Person> {
  const email = `${crypto.randomUUID()}@bench.test`
  const response = await post(`${url}/v1/auth/register`, { email, password })
  return { email, ...((await response.json()) as Omit<Person, 'email'>) }
}

async function signUpAtBetterAuth(url: string): Promise<Person> {
  const email = `${crypto.randomUUID()}@bench.test`
  const response = await post(`${url}/api/auth/sign-up/email`, { email, password, name: 'Bench' })
  const session = response.headers.get('set-auth-token') ?? ''
  const answer = await fetch(`${url}/api/auth/token`, { headers: { authorization: `Bearer ${session}` } })
  const { token } = (await answer.json()) as { token: string }
  return { email, accessToken: token, refreshToken: session }
}
