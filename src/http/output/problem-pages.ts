import { createHash } from 'node:crypto'
import { AppError, type ProblemCode, problems } from '../../errors/app-error.ts'
import { problemDocument } from './problem.ts'
import { statuses } from './problem-statuses.ts'

/** A rendered page. */
type ProblemPage = { body: string; headers: Record<string, string> }

const upgrade = {
  plan: 'professional',
  displayName: 'Professional',
  tier: 50,
  priceMonthlyMinor: 2999,
  currency: 'USD',
  trialDays: 14,
  checkout: 'trial',
}
/** Further members that the example of a code shows. */
const examples: Partial<Record<ProblemCode, ConstructorParameters<typeof AppError>[1]>> = {
  'validation-failed': {
    errors: [{ path: 'email', message: 'Send an e-mail address such as name@example.com.', code: 'custom' }],
  },
  'already-exists': { members: { field: 'name' } },
  'feature-not-in-plan': {
    members: { requiredFeatures: ['premium_dashboard'], missingFeatures: ['premium_dashboard'], upgrade },
  },
  'tier-too-low': { members: { requiredTier: 50, upgrade } },
  'permission-denied': { members: { requiredPermissions: ['analytics.read'] } },
}

const style = `:root{color-scheme:light dark;font:1rem/1.6 system-ui,sans-serif}body{max-width:44rem;margin:2rem auto;padding:0 1rem}
h1{line-height:1.25;margin:.25rem 0 1rem}h2{font-size:1.15rem;margin-top:2rem}code,pre{font-family:ui-monospace,monospace}
pre{padding:1rem;border:1px solid;border-radius:.4rem;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid}`

const styleHash = createHash('sha256').update(style).digest('base64')
const publicHeaders = { 'Cache-Control': 'public, max-age=3600', Vary: 'Accept' }
const htmlHeaders = {
  ...publicHeaders,
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
}

/**
 * The page at a problem's `type` URL: what the code means and what to do.
 *
 * @param accept the request's Accept; JSON when it asks for that and not for HTML
 * @returns undefined for an unknown code
 */
export function problemPage(code: string, accept?: string): ProblemPage | undefined {
  if (!isCode(code)) return undefined
  const { status, title, detail } = problems[code]
  const { name, meaning, action } = statuses[status]
  if (prefersJson(accept)) return json({ code, status, title, detail, meaning, action })
  return html(
    `${title} (${code})`,
    `<nav aria-label="Breadcrumb"><a href="../problems">All problems</a></nav>
<main>
<h1>${escapeHtml(title)}</h1>
<p><code>${escapeHtml(code)}</code>, HTTP status ${status} ${escapeHtml(name)}</p>
<h2>What it means</h2>
<p>${escapeHtml(meaning)}</p>
<h2>What to do</h2>
<p>${escapeHtml(detail)}</p>
<p>${escapeHtml(action)}</p>
<h2>An example</h2>
<pre tabindex="0" aria-label="Example problem document">${escapeHtml(exampleOf(code))}</pre>
</main>`,
  )
}

/** The list of all problem codes; `accept` as for problemPage. */
export function problemIndex(accept?: string): ProblemPage {
  const codes = Object.keys(problems).filter(isCode)
  if (prefersJson(accept)) return json({ items: codes.map((code) => ({ code, ...problems[code] })), nextCursor: null })
  const rows = codes.map((code) => {
    const { status, title } = problems[code]
    return `<tr><th scope="row"><a href="problems/${encodeURIComponent(code)}"><code>${escapeHtml(code)}</code></a></th><td>${status}</td><td>${escapeHtml(title)}</td></tr>`
  })
  return html(
    'Problems',
    `<main>
<h1>Problems</h1>
<p>Every answer that is not a success is a problem document (RFC 9457) with one of these codes.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Title</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</main>`,
  )
}

function isCode(text: string): text is ProblemCode {
  return Object.hasOwn(problems, text)
}

function prefersJson(accept = ''): boolean {
  return /\bapplication\/(?:[a-z]+\+)?json\b/i.test(accept) && !/\btext\/html\b/i.test(accept)
}

function exampleOf(code: ProblemCode): string {
  const context = {
    publicUrl: 'https://api.example.com',
    instance: '/v1/example',
    requestId: '01980f5c5b1e7c3a9d0f3c6f2b1a4e5d',
  }
  return JSON.stringify(problemDocument(new AppError(code, examples[code]), context), null, 2)
}

function json(value: object): ProblemPage {
  return { body: JSON.stringify(value), headers: { ...publicHeaders, 'Content-Type': 'application/json' } }
}

function html(title: string, content: string): ProblemPage {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${content}
</body>
</html>
`
  return { body, headers: htmlHeaders }
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
