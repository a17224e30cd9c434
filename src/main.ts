#!/usr/bin/env bun
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkUsage, commands } from './cli/commands.ts'
import { nameCommands, nameProgram } from './cli/program-name.ts'
import { ConfigError } from './config/config-error.ts'
import { version } from './config/version.ts'

const usage = `MANAS360 ${version.version}: accounts, access and entitlements

Usage: manas360 <command> [options]

  serve          serve HTTP until SIGTERM or Ctrl-C
  create-roles   make the database and its two roles as DATABASE_ADMIN_URL, or set the roles' passwords
  migrate        bring the schema up to date and seed the catalogue
  seed           the same (seeding is part of every migration)
  create-admin   make a superadmin: --email E [--password-stdin | --promote]
                 without --password-stdin one is generated and printed once;
                 --promote makes an account that exists a superadmin
  admin reset-mfa --email E
                 remove the second factor of somebody who lost it; all their sessions end
  import FILE    accounts of another system, with their passwords: see import --help
  doctor         look at all that a deployment depends on, and say what to do; exits 1 when something is wrong
  keys           make and rotate the keys of access tokens, encrypt secrets anew: see keys --help
  billing        prices and subscriptions at payment providers, compared with ours: see billing --help
  jobs           list the jobs with their last run; jobs run NAME runs one now
  audit verify   check the audit trail and name what is wrong: [--checkpoint FILE]
                 (FILE: a checkpoint line from the log, as JSON)
  erasures       list who was erased; erase them again after a restore: see erasures --help
  openapi        print the OpenAPI document
  healthcheck    exit 0 if the server on PORT is alive (for containers)
  --help         this text
  --version      the version

Configuration comes from environment variables; .env.example explains each. docs/deploying.md leads to production.
Without DATABASE_URL, a PostgreSQL of its own is started in .data/ (not in the compiled binary).`

/** A compiled binary has its files in a virtual folder. */
const compiled = import.meta.path.startsWith('/$bunfs/') || import.meta.path.includes('~BUN')

const { values: options, positionals } = parse()
process.stdout.on('error', endWithReader)
const [name, ...args] = positionals
if (options.version) print(`${version.version} (${version.commit})`)
else if (options.help || name === undefined) print(await usageOf(name))
else {
  const wrong = checkUsage(name, args, options)
  const command = commands[name]
  if (wrong || !command) fail(`${wrong}\n\n${usage}`, 64)
  try {
    const dataDirectory = compiled ? join(process.cwd(), '.data') : join(import.meta.dir, '..', '.data')
    process.exitCode = await command({ environment: process.env, options, args, dataDirectory, compiled, print })
    // A stopped server exits a second later, whatever handle is still open. Other commands may still be writing to a
    // pipe.
    if (name === 'serve') setTimeout(() => process.exit(), 1_000).unref()
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message, 78)
    fail(error instanceof Error ? error.message : String(error), 1)
  }
}

async function usageOf(command: string | undefined): Promise<string> {
  if (command === 'import') return (await import('./cli/import-file.ts')).importUsage
  if (command === 'billing') return (await import('./cli/billing.ts')).billingUsage
  if (command === 'erasures') return (await import('./cli/erasures.ts')).erasuresUsage
  return command === 'keys' ? (await import('./cli/keys.ts')).keysUsage : usage
}

function parse() {
  try {
    return parseArgs({
      args: process.argv.slice(2),
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
        email: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        promote: { type: 'boolean' },
        checkpoint: { type: 'string' },
        algorithm: { type: 'string' },
        'dry-run': { type: 'boolean' },
        'on-conflict': { type: 'string' },
        'allow-roles': { type: 'boolean' },
        refused: { type: 'string' },
        apply: { type: 'boolean' },
        since: { type: 'string' },
      },
    })
  } catch (error) {
    // The first sentence; the rest is about names that begin with a dash.
    const [sentence] = String(error instanceof Error ? error.message : error).split('. ')
    return fail(`${sentence}\n\n${usage}`, 64)
  }
}

/** Replaces the names of commands by the form in which the user can type them. */
function withProgramName(text: string): string {
  const { execPath, env } = process
  const start = { compiled, execPath, entry: import.meta.path, path: env.PATH, directory: process.cwd() }
  return text.includes('manas360 ') ? nameCommands(text, nameProgram(start)) : text
}

function print(line: string): void {
  process.stdout.write(`${withProgramName(line)}\n`)
}

/** Ends when the reader of the output has closed it (`doctor | head`); a server runs on. */
function endWithReader(error: Error & { code?: string }): void {
  if (error.code !== 'EPIPE') throw error
  if (name !== 'serve') process.exit(0)
}

function fail(message: string, code: number): never {
  process.stderr.write(`${withProgramName(message)}\n`)
  process.exit(code)
}
