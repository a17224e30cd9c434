#!/usr/bin/env bun
/**
 * Runs the steps of the walkthrough against a fresh instance in one shell, with curl and the program's own commands,
 * and prints it as Markdown: bun scripts/walkthrough.ts http://localhost:3000 > docs/walkthrough.md. The commands need
 * the instance's database: the environment of `bun start`. Exits 1 at the first unexpected answer.
 */
import { join } from 'node:path'
import { administration } from './story/administration.ts'
import { invitation } from './story/invitation.ts'
import { payment } from './story/payment.ts'
import { person } from './story/person.ts'
import { recovery } from './story/recovery.ts'
import { kept, toShell } from './story/shell.ts'
import { memberOf, type Step } from './story/step.ts'
import { webhooks } from './story/webhooks.ts'

const url = process.argv[2]?.replace(/\/+$/, '')
if (!url || !URL.canParse(url)) fail('usage: bun scripts/walkthrough.ts URL', 64)

/**
 * `ask` shows an answer and keeps it; `token` is that of the newest mail to an address that leads to a page; `member` is a text in the one kept last; `manas360` is the program and `code` what an authenticator app shows, with Bun or with
 * Node alone. `ask_until` asks again until the answer has a text in it, for half a minute; `page` visits a page of the sandbox, as a browser does.
 */
const prelude = `URL=${url}
RUN=$(date +%s)$$
EMAIL=asha.$RUN@example.com
RAVI_EMAIL=ravi.$RUN@example.com
MIRA_EMAIL=mira.$RUN@example.com
TARA_EMAIL=tara.$RUN@example.com
NILA_EMAIL=nila.$RUN@example.com
ROOT_EMAIL=root.$RUN@example.com
NEW_EMAIL=asha.$RUN@example.net
PASSWORD='seven quiet herons at dawn'
OTHER_PASSWORD='eight loud herons at dusk'
ANSWER=$(mktemp)
manas360() { if command -v bun > /dev/null; then bun src/main.ts "$@"; else npx -y bun@${Bun.version} src/main.ts "$@"; fi; }
code() { if command -v bun > /dev/null; then bun scripts/totp.ts "$@"; else npx -y bun@${Bun.version} scripts/totp.ts "$@"; fi; }
ask() { curl -sS -i --max-time 30 "$@" > "$ANSWER"; cat "$ANSWER"; echo; }
ask_until() {
  WANTED=$1; shift
  for TRY in $(seq 30); do ask "$@" > /dev/null; grep -qF "$WANTED" "$ANSWER" && break; sleep 1; done
  cat "$ANSWER"; echo
}
page() { curl -sS -L --max-time 30 \${2:+-d "action=$2"} "$URL/sandbox/\${1##*/sandbox/}" | sed -n 's/.*role="status">\\([^<]*\\)<.*/\\1/p'; echo; }
member() { sed -n "s/.*\\"$1\\":\\"\\([^\\"]*\\)\\".*/\\1/p" "$ANSWER"; }
token() {
  for MAIL in $(curl -sS "$URL/dev/mail" | grep -o "<td>$1</td><td><a href=\\"/dev/mail/[0-9a-f-]*" | sed 's/.*"//'); do
    curl -sS "$URL$MAIL/text" | sed -n "s|.*/account/$2#token=\\([A-Za-z0-9_-]*\\).*|\\1|p"
  done | head -1
}`

const shell = Bun.spawn(['sh'], {
  cwd: join(import.meta.dir, '..'),
  env: { ...process.env },
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'inherit',
})
const output = createReader(shell.stdout)
await type(prelude)

const pages = [
  `# Walkthrough

The story of the product with curl, and twice with the program itself, against a server started with \`bun start\`. Paste the blocks into one
shell, in order, at the project's folder; nothing has to be copied by hand. \`manas360\` in them is the program from this folder, by Bun where it is on the
PATH and by \`npx\` otherwise. Or all at once:

\`\`\`sh
sed -n '/^\`\`\`sh$/,/^\`\`\`$/p' docs/walkthrough.md | sed '/^\`\`\`/d' | sed '1d' | sh
\`\`\`

Every answer below is from a real run; \`bun scripts/walkthrough.ts ${url} > docs/walkthrough.md\` makes this page again, and
\`bun run smoke ${url}\` checks the same steps. Tokens are shortened, and of the headers only those are shown that matter here.

\`\`\`sh
${prelude}
\`\`\``,
]
for (const [i, step] of [...person, ...payment, ...recovery, ...administration, ...webhooks, ...invitation].entries())
  pages.push(await play(step, i + 1))
shell.stdin.end()
process.stdout.write(`${pages.join('\n\n')}\n`)

async function play(
  { title, text, run, expect = { output: /^(?:a mail to|the app shows)/ }, keep = {} }: Step,
  number: number,
): Promise<string> {
  const name = `${number}. ${title}`
  const first = toShell(run)
  const command = [first, ...kept(keep)].join('\n')
  const said = await type(command)
  const typed = `## ${name}\n\n${text}\n\n\`\`\`sh\n${command}\n\`\`\``
  if ('output' in expect) {
    if (!expect.output.test(said.trim())) fail(`${name}: ${said}`, 1)
    return `${typed}\n\n\`\`\`\n${said.trim()}\n\`\`\``
  }
  const [head = '', body = ''] = said.trimEnd().split('\r\n\r\n')
  const [statusLine = '', ...headers] = head.trimEnd().split('\r\n')
  const answer: unknown = body === '' ? {} : JSON.parse(body)
  const code = memberOf(answer, 'code')
  if (Number(statusLine.split(' ')[1]) !== expect.status || (expect.code && code !== expect.code))
    fail(`${name}: expected ${expect.status} ${expect.code ?? ''}, got ${statusLine}\n${body}`, 1)
  const shown = headers.filter((line) =>
    /^(authz-refresh|location|retry-after|www-authenticate|content-type):/i.test(line),
  )
  const answered = [statusLine, ...shown.sort(), ...(body === '' ? [] : ['', toText(answer)])]
  return `${typed}\n\n\`\`\`http\n${answered.join('\n')}\n\`\`\``
}

/** The shell's output for a command. */
async function type(command: string): Promise<string> {
  const end = `end-${crypto.randomUUID()}`
  shell.stdin.write(`${command}\necho ${end}\n`)
  await shell.stdin.flush()
  return output.until(end)
}

function createReader(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  return {
    async until(end: string): Promise<string> {
      for (;;) {
        const at = text.indexOf(`${end}\n`)
        if (at >= 0) {
          const found = text.slice(0, at)
          text = text.slice(at + end.length + 1)
          return found
        }
        const { value, done } = await reader.read()
        if (done) fail(`the shell ended: ${text}`, 1)
        text += decoder.decode(value, { stream: true })
      }
    },
  }
}

/** Indented; items of a list on a line each, lists of words on one line; tokens and other secrets shortened. */
function toText(value: unknown, indent = ''): string {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (!value.some((item) => item instanceof Object))
      return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    return `[\n${value.map((item) => inner + JSON.stringify(item)).join(',\n')}\n${indent}]`
  }
  if (!(value instanceof Object)) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, item]) => {
    const isSecret = /Token$|^(?:secret|otpauthUri|qrSvg|recoveryCodes)$/.test(key)
    const cut = (part: unknown) => (isSecret && typeof part === 'string' ? cutShort(part) : part)
    const shown = Array.isArray(item) ? item.map(cut) : cut(item)
    return `${inner}${JSON.stringify(key)}: ${toText(shown, inner)}`
  })
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`
}

function cutShort(text: string): string {
  return `${text.slice(0, 12)}…${text.slice(-6)}`
}

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
