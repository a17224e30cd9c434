#!/usr/bin/env bun
/**
 * Runs the story of the product against a running instance with curl, and prints it as markdown:
 *   bun scripts/walkthrough.ts http://localhost:3000 > docs/walkthrough.md
 * Exits 1 as soon as an answer is not the expected one.
 */

export {}

type Json = Record<string, unknown>
type Step = {
  title: string
  text: string
  /** What is typed; it runs in a shell with URL, EMAIL, PASSWORD and what earlier steps kept. */
  command: string
  expect: { status: number; code?: string }
  /** What later steps use of the answer: shell variable → member of the body. */
  keep?: Record<string, string>
}

const url = process.argv[2]?.replace(/\/+$/, '')
if (!url || !URL.canParse(url)) fail('usage: bun scripts/walkthrough.ts URL', 64)

const json = `-H 'Content-Type: application/json'`
const steps: Step[] = [
  {
    title: 'Register',
    text: 'One transaction opens the account on the free plan, its first session, and writes the audit trail.',
    command: `curl -i $URL/v1/auth/register ${json} \\\n  -d "{\\"email\\": \\"$EMAIL\\", \\"password\\": \\"$PASSWORD\\", \\"firstName\\": \\"Asha\\"}"`,
    expect: { status: 201 },
  },
  {
    title: 'Log in',
    text: 'The same body as registering: every plan logs in, free and lapsed ones too.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  -d "{\\"email\\": \\"$EMAIL\\", \\"password\\": \\"$PASSWORD\\"}"`,
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken', REFRESH: 'refreshToken' },
  },
  {
    title: 'A gated route is denied, with the plan that unlocks it',
    text: '`premium_dashboard` is not part of the free plan. The denial names the cheapest plan that has it.',
    command: 'curl -i $URL/v1/dashboard/insights -H "Authorization: Bearer $ACCESS"',
    expect: { status: 403, code: 'feature-not-in-plan' },
  },
  {
    title: 'Entitlements',
    text: 'What this person may do, read from the token and from memory: no query.',
    command: 'curl -i $URL/v1/me/entitlements -H "Authorization: Bearer $ACCESS"',
    expect: { status: 200 },
  },
  {
    title: 'Refresh',
    text: 'Each refresh token is good once, and brings its successor.',
    command: `curl -i $URL/v1/auth/refresh ${json} -d "{\\"refreshToken\\": \\"$REFRESH\\"}"`,
    expect: { status: 200 },
    keep: { REFRESH2: 'refreshToken' },
  },
  {
    title: 'Refresh again',
    text: 'With the new token. The first one is now two generations old.',
    command: `curl -i $URL/v1/auth/refresh ${json} -d "{\\"refreshToken\\": \\"$REFRESH2\\"}"`,
    expect: { status: 200 },
  },
  {
    title: 'Reuse is refused',
    text: 'Only a copy would present the first token now, so the whole session ends, for thief and owner alike.',
    command: `curl -i $URL/v1/auth/refresh ${json} -d "{\\"refreshToken\\": \\"$REFRESH\\"}"`,
    expect: { status: 401, code: 'refresh-token-reused' },
  },
  {
    title: 'Log in once more',
    text: 'The person is asked for the password again, and gets a new session.',
    command: `curl -i $URL/v1/auth/login ${json} \\\n  -d "{\\"email\\": \\"$EMAIL\\", \\"password\\": \\"$PASSWORD\\"}"`,
    expect: { status: 200 },
    keep: { ACCESS: 'accessToken' },
  },
  {
    title: 'Log out',
    text: 'Ends this session.',
    command: 'curl -i -X POST $URL/v1/auth/logout -H "Authorization: Bearer $ACCESS"',
    expect: { status: 204 },
  },
  {
    title: 'The old access token is refused',
    text: 'It would have lived another 15 minutes; the very next request is refused all the same.',
    command: 'curl -i $URL/v1/me -H "Authorization: Bearer $ACCESS"',
    expect: { status: 401, code: 'session-revoked' },
  },
]

const variables: Record<string, string> = {
  URL: url,
  EMAIL: `asha.${crypto.randomUUID().slice(0, 8)}@example.com`,
  PASSWORD: 'seven quiet herons at dawn',
}

const pages = [
  `# Walkthrough

The story of the product with curl, against a server started with \`bun start\`. Every answer below is from a real run;
\`bun scripts/walkthrough.ts ${url} > docs/walkthrough.md\` makes this page again. Tokens are shortened, and of the headers
only those are shown that matter here.

\`\`\`sh
URL=${url}
EMAIL=${variables.EMAIL}
PASSWORD='${variables.PASSWORD}'
\`\`\``,
]
for (const [i, step] of steps.entries()) pages.push(await play(step, i + 1))
process.stdout.write(`${pages.join('\n\n')}\n`)

async function play({ title, text, command, expect, keep = {} }: Step, number: number): Promise<string> {
  const curl = Bun.spawn(['sh', '-c', command.replace(/^curl -i/, 'curl -sS -i --max-time 30')], {
    env: { ...process.env, ...variables },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [output, complaint] = await Promise.all([new Response(curl.stdout).text(), new Response(curl.stderr).text()])
  if ((await curl.exited) !== 0) fail(`${number}. ${title}: ${complaint.trim()}`, 1)
  const [head = '', body = ''] = output.split('\r\n\r\n')
  const [statusLine = '', ...headers] = head.split('\r\n')
  const answer: Json = body === '' ? {} : JSON.parse(body)
  if (Number(statusLine.split(' ')[1]) !== expect.status || (expect.code && answer.code !== expect.code))
    fail(`${number}. ${title}: expected ${expect.status} ${expect.code ?? ''}, got ${statusLine}\n${body}`, 1)
  for (const [variable, member] of Object.entries(keep)) variables[variable] = String(answer[member])
  const shown = [
    statusLine,
    ...headers.filter((line) => /^(location|retry-after|www-authenticate|content-type):/i.test(line)).sort(),
  ]
  if (body !== '') shown.push('', toText(answer))
  const kept = Object.entries(keep).map(([variable, member]) => `\`${variable}\` is its \`${member}\``)
  const story = [text, ...(kept.length > 0 ? [`Below, ${kept.join(' and ')}.`] : [])].join(' ')
  return `## ${number}. ${title}\n\n${story}\n\n\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`http\n${shown.join('\n')}\n\`\`\``
}

/** Indented, with lists of words on one line and tokens cut short. */
function toText(answer: Json): string {
  const short = JSON.stringify(
    answer,
    (key, value) =>
      /Token$/.test(key) && typeof value === 'string' ? `${value.slice(0, 12)}…${value.slice(-6)}` : value,
    2,
  )
  return short.replace(/\[\s+("[^[\]{}]*")\s+\]/g, (_, words: string) => `[${words.replace(/\s*\n\s*/g, ' ')}]`)
}

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
