#!/usr/bin/env bun
/** The story of the product against a running instance; exits 0 only if every step held. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type RunProgram, tellOfAdministration } from './smoke-administration.ts'
import { createCall, type Tell } from './smoke-client.ts'
import { tellOfPerson } from './smoke-person.ts'

const usage = `Usage: bun run smoke URL [--program COMMAND]

Tells the story of the product to a running instance, a line per step, e.g. bun run smoke http://localhost:3000
First that of a person; then that of those who run the service, which begins with create-admin and ends with
audit verify. Those two are commands of the program: COMMAND runs it, e.g. dist/manas360, with this environment, which
must lead to the instance's own database. Default for an instance on this host: bun src/main.ts. For any other the second
part is left out unless --program is given.

It makes throw-away accounts (smoke-…@example.com). Without the second part one is left behind, logged out; with it all are
erased, but for the superadmin where no other exists.

Exit code: 0 when every step held, 1 when one did not, 64 when it was called wrongly.`

const { values: options, positionals } = parse()
const [address = ''] = positionals
if (options.help) {
  print(usage)
} else if (positionals.length !== 1 || !/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 64
} else {
  const url = new URL(address)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const program =
    options.program ?? (isHere ? `'${process.execPath}' '${join(import.meta.dir, '../src/main.ts')}'` : undefined)
  process.exitCode = await story(url.origin, program)
}

async function story(origin: string, program: string | undefined): Promise<number> {
  const startedAt = performance.now()
  const call = createCall(origin)
  let steps = 0
  const tell: Tell = async (name, run) => {
    const stepAt = performance.now()
    const line = (mark: string, seen: string) =>
      print(`${mark} ${name.padEnd(56)} ${milliseconds(stepAt).padStart(9)}  ${seen}`)
    try {
      const [seen, result] = await run()
      line('✓', seen)
      steps += 1
      return result
    } catch (error) {
      line('✗', error instanceof Error ? error.message : String(error))
      throw error
    }
  }
  try {
    const person = throwAway()
    const id = await tellOfPerson(tell, call, person)
    if (program === undefined)
      print("– administration is left out: it needs --program, and the instance's own database")
    else {
      const people = { person: { ...person, id }, colleague: throwAway(), root: throwAway() }
      const left = await tellOfAdministration(tell, call, toRun(program), people)
      if (left)
        print(
          `  ${people.root.email} is left, of a password that nobody knows: make your own superadmin, then erase it`,
        )
    }
    print(`All ${steps} steps held at ${origin} in ${milliseconds(startedAt)}.`)
    return 0
  } catch {
    print(`The story broke at ${origin} after ${steps} steps that held.`)
    return 1
  }
}

function throwAway() {
  return { email: `smoke-${crypto.randomUUID()}@example.com`, password: randomBytes(18).toString('base64url') }
}

/** A shell's command line, with arguments behind it that need no quoting. */
function toRun(program: string): RunProgram {
  return async (args, input = '') => {
    const child = Bun.spawn(['sh', '-c', `${program} "$@"`, 'smoke', ...args], {
      stdin: new TextEncoder().encode(input),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`${program} ${args.join(' ')}: ${(out + err).trim()}`)
    return out.trim()
  }
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, program: { type: 'string' } },
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`)
    process.exit(64)
  }
}

function milliseconds(since: number): string {
  return `${(performance.now() - since).toFixed(1)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
