#!/usr/bin/env bun
/**
 * Runs the story of the product against a running instance with curl and the program's own commands, and prints it as
 * markdown: bun scripts/walkthrough.ts http://localhost:3000 > docs/walkthrough.md
 * The commands need the instance's database: the environment of `bun start`. Exits 1 as soon as an answer is not the
 * expected one.
 */
import { join } from 'node:path'
import { type Step, steps } from './walkthrough-steps.ts'

const url = process.argv[2]?.replace(/\/+$/, '')
if (!url || !URL.canParse(url)) fail('usage: bun scripts/walkthrough.ts URL', 64)

const run = crypto.randomUUID().slice(0, 8)
const variables: Record<string, string> = {
  URL: url,
  EMAIL: `asha.${run}@example.com`,
  RAVI_EMAIL: `ravi.${run}@example.com`,
  ROOT_EMAIL: `root.${run}@example.com`,
  PASSWORD: 'seven quiet herons at dawn',
}
const given = Object.entries(variables).map(([name, value]) => `${name}=${value.includes(' ') ? `'${value}'` : value}`)

const pages = [
  `# Walkthrough

The story of the product with curl, and twice with the program itself, against a server started with \`bun start\`. Every answer below is from a real run;
\`bun scripts/walkthrough.ts ${url} > docs/walkthrough.md\` makes this page again. Tokens are shortened, and of the headers
only those are shown that matter here.

\`\`\`sh
${given.join('\n')}
\`\`\``,
]
for (const [i, step] of steps.entries()) pages.push(await play(step, i + 1))
process.stdout.write(`${pages.join('\n\n')}\n`)

async function play({ title, text, command, expect, keep = {} }: Step, number: number): Promise<string> {
  const name = `${number}. ${title}`
  const output = await type(name, command)
  const story = [text, ...(Object.keys(keep).length > 0 ? [`Below, ${describe(keep)}.`] : [])].join(' ')
  const typed = `## ${name}\n\n${story}\n\n\`\`\`sh\n${command}\n\`\`\``
  if ('output' in expect) {
    if (!expect.output.test(output.trim())) fail(`${name}: ${output}`, 1)
    return `${typed}\n\n\`\`\`\n${output.trim()}\n\`\`\``
  }
  const [head = '', body = ''] = output.split('\r\n\r\n')
  const [statusLine = '', ...headers] = head.split('\r\n')
  const answer: Record<string, unknown> = body === '' ? {} : JSON.parse(body)
  if (Number(statusLine.split(' ')[1]) !== expect.status || (expect.code && answer.code !== expect.code))
    fail(`${name}: expected ${expect.status} ${expect.code ?? ''}, got ${statusLine}\n${body}`, 1)
  for (const [variable, path] of Object.entries(keep)) variables[variable] = String(memberOf(answer, path))
  const shown = headers.filter((line) =>
    /^(authz-refresh|location|retry-after|www-authenticate|content-type):/i.test(line),
  )
  const answered = [statusLine, ...shown.sort(), ...(body === '' ? [] : ['', toText(answer)])]
  return `${typed}\n\n\`\`\`http\n${answered.join('\n')}\n\`\`\``
}

/** What a shell prints. */
async function type(name: string, command: string): Promise<string> {
  const shell = Bun.spawn(['sh', '-c', command.replace(/^curl -i/, 'curl -sS -i --max-time 30')], {
    cwd: join(import.meta.dir, '..'),
    env: { ...process.env, ...variables },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [output, complaint] = await Promise.all([new Response(shell.stdout).text(), new Response(shell.stderr).text()])
  if ((await shell.exited) !== 0) fail(`${name}: ${output}${complaint.trim()}`, 1)
  return output
}

function memberOf(answer: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at instanceof Object ? Reflect.get(at, key) : undefined), answer)
}

function describe(keep: Record<string, string>): string {
  return Object.entries(keep)
    .map(([variable, path]) => `\`${variable}\` is its \`${path}\``)
    .join(' and ')
}

/** Indented; what stands in a list on a line each, words on one line; tokens cut short. */
function toText(value: unknown, indent = ''): string {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (!value.some((item) => item instanceof Object))
      return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    return `[\n${value.map((item) => inner + JSON.stringify(item)).join(',\n')}\n${indent}]`
  }
  if (!(value instanceof Object)) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, item]) => {
    const isToken = /Token$/.test(key) && typeof item === 'string'
    const shown = isToken ? `${item.slice(0, 12)}…${item.slice(-6)}` : item
    return `${inner}${JSON.stringify(key)}: ${toText(shown, inner)}`
  })
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`
}

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
