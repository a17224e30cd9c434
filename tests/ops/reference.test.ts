import { expect, test } from 'bun:test'
import { referenceAsset } from '../../src/ops/reference/assets.ts'

const paths = ['/docs', '/docs/init.js', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css']

async function bodyOf(path: string): Promise<string> {
  const { body, headers } = referenceAsset(path) ?? {}
  const bytes = await new Response(body).arrayBuffer()
  return new TextDecoder().decode(headers?.['Content-Encoding'] === 'gzip' ? Bun.gunzipSync(bytes) : bytes)
}

test('everything that the page loads is served by this server', async () => {
  const html = await bodyOf('/docs')
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].flatMap(([, address = '']) =>
    address.startsWith('data:') || address === '/openapi.json' ? [] : [address],
  )
  expect(loaded.sort()).toEqual(paths.slice(1).sort())
  for (const path of loaded) expect((await bodyOf(path)).length).toBeGreaterThan(50)
})

test('the page runs without inline script, and names no foreign host', async () => {
  const html = await bodyOf('/docs')
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|javascript:/i)
  expect(html + (await bodyOf('/docs/init.js'))).not.toMatch(/https?:|"\/\//)
})

test.each(paths)('%s forbids foreign and inline scripts', (path) => {
  const policy = referenceAsset(path)?.headers['Content-Security-Policy'] ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
})

test('the page reads the document of this server and tells no validator of it', async () => {
  const init = await bodyOf('/docs/init.js')
  expect(init).toContain("url: '/openapi.json'")
  expect(init).toContain('validatorUrl: null')
})

test('operations are folded, and found by what is typed', async () => {
  const init = await bodyOf('/docs/init.js')
  expect(init).toContain("docExpansion: 'none'")
  expect(init).toContain('filter: true')
})

test.each(['/docs/', '/docs/index.html', '/docs/../package.json', '/docs/__proto__', 'constructor'])(
  '%s is nothing',
  (path) => {
    expect(referenceAsset(path)).toBeUndefined()
  },
)

test.each([
  ['/docs/swagger-ui-bundle.js', 'e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2'],
  ['/docs/swagger-ui.css', '5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d'],
])('%s is what swagger-ui-dist 5.35.0 published', async (path, sha256) => {
  expect(new Bun.CryptoHasher('sha256').update(await bodyOf(path)).digest('hex')).toBe(sha256)
})
