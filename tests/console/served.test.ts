import { expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { makeBundle } from '../../src/console/bundle.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ BRAND_NAME: 'Sukoon <script>' })
const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })
const html = await (await get('/console')).text()
const linksOf = (page: string) => [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path = '']) => path)
const scriptPath = linksOf(html).find((path) => path.endsWith('.js')) ?? ''

test('every address of the console answers the same page, which knows nobody', async () => {
  for (const path of ['/console', '/console/people', '/console/roles/admin', '/console/people?plan=free&q=%3Cb%3E']) {
    const answer = await get(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const links = linksOf(await answer.text()).map((link) => new URL(link, `https://a.test/below${path}`).pathname)
    // Also where a proxy serves the service below a path.
    expect(links).toHaveLength(3)
    for (const link of links) expect(link).toStartWith('/below/console/assets/')
  }
  expect(html).toContain('content="Sukoon &lt;script&gt;"')
})

test('its address with a slash at the end leads to it, also where a proxy serves the service below a path', async () => {
  const answer = await get('/console/')
  expect(answer.status).toBe(308)
  const location = new URL(answer.headers.get('location') ?? '', 'https://a.test/below/console/')
  expect(location.pathname).toBe('/below/console')
})

test('nothing inline, nothing of another host, and no text that becomes HTML', async () => {
  const { headers } = await get('/console')
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy.split('; ').sort()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "require-trusted-types-for 'script'",
    "script-src 'self'",
    "style-src 'self'",
    "trusted-types 'none'",
  ])
  expect(html).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/)
  expect(html).not.toMatch(/(?:href|src)="(?:https?:)?\/\//)
})

test('the page is asked for anew each time, and costs a 304; what it loads is kept for good', async () => {
  const page = await get('/console')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const etag = page.headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[\w-]{16}"$/)
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await get('/console', { 'If-None-Match': known })
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    expect(again.headers.get('content-security-policy')).toContain("script-src 'self'")
  }
  expect((await get('/console', { 'If-None-Match': '"other"' })).status).toBe(200)
  const script = await get(`/${scriptPath}`)
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  const known = { 'If-None-Match': script.headers.get('etag') ?? '' }
  expect((await get(`/${scriptPath}`, known)).status).toBe(304)
})

test('the icon is there, and what is not, is a problem document', async () => {
  expect((await get('/console/assets/icon.svg')).headers.get('content-type')).toBe('image/svg+xml')
  for (const name of ['console-00000000.js', 'bundle.ts', '..%2fbundle.ts', '__proto__'])
    await expectProblem(await get(`/console/assets/${name}`), 'not-found')
  await expectProblem(await app.request('/console', { method: 'POST' }), 'method-not-allowed')
})

test('a file comes in a coding that the browser takes, and is the same in each', async () => {
  const plain = await get(`/${scriptPath}`)
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(plain.headers.get('vary')).toContain('Accept-Encoding')
  const text = await plain.text()
  for (const [accepted, coding] of [
    ['gzip, deflate', 'gzip'],
    ['br;q=0, GZIP', 'gzip'],
    // From source there is no time for brotli; the binary has it.
    ['br, gzip', 'gzip'],
    ['br', null],
    ['gzip;q=0.0', null],
    ['identity', null],
  ] as const) {
    const answer = await get(`/${scriptPath}`, { 'Accept-Encoding': accepted })
    expect([accepted, answer.headers.get('content-encoding')]).toEqual([accepted, coding])
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(new TextDecoder().decode(coding === 'gzip' ? gunzipSync(bytes) : bytes)).toBe(text)
  }
})

test('all that a browser may load of the console is below 120 kB, and nothing in it names a source or a foreign host', async () => {
  const { bundle } = await makeBundle({ brotli: true })
  expect(bundle.files.size).toBeGreaterThan(2)
  let total = 0
  for (const [name, { gzip, brotli }] of bundle.files) {
    total += gzip.length
    const text = gunzipSync(gzip).toString()
    expect([name, brotli && brotliDecompressSync(brotli).toString() === text]).toEqual([name, true])
    expect([name, text.match(/https?:\/\/(?!www\.w3\.org\/)[\w.-]+/g) ?? []]).toEqual([name, []])
    expect([name, text.includes('sourceMappingURL')]).toEqual([name, false])
  }
  expect(total).toBeLessThan(120 * 1024)
})
