import { describe, expect, test } from 'bun:test'
import { renderPage } from '../../src/pages/page.tsx'
import { pageNames } from '../../src/pages/page-names.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({
  PUBLIC_URL: 'https://api.example/accounts',
  APP_URL: 'https://app.example/',
  BRAND_NAME: 'Sukoon <&>',
  BRAND_COLOR: 'ffe066',
  BRAND_SUPPORT: 'https://help.example/?a=1&b=2',
})
const { request, deps } = app

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  request(`/account/${path}`, { method, headers })
const assetsOf = (html: string) => [...html.matchAll(/"(assets\/[^"]+)"/g)].map(([, path = '']) => path)

describe.each([...pageNames])('%s', (name) => {
  test('is a page that nothing may frame, script or style but this server', async () => {
    const answer = await get(name)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    const html = await answer.text()
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|javascript:/i)
    expect(html).toContain('Sukoon &lt;&amp;&gt;')
    expect(html).not.toContain('Sukoon <&>')
  })

  test('is the same to GET and HEAD, whatever a scanner appends, and changes nothing', async () => {
    const before = deps.db.stats().queries
    const plain = await get(name)
    const scanned = await get(`${name}?utm_source=mail&utm_source=%ff&token=abc&language=xx`)
    const head = await get(`${name}?x`, {}, 'HEAD')
    expect([plain.status, scanned.status, head.status]).toEqual([200, 200, 200])
    const html = await plain.text()
    expect(await scanned.text()).toBe(html)
    expect(head.headers.get('content-security-policy')).toBe(plain.headers.get('content-security-policy'))
    expect(deps.db.stats().queries).toBe(before)
  })

  test('has its links relative, so that it works under any public address', async () => {
    const html = await (await get(name)).text()
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link.replaceAll('&amp;', '&'))
    expect(links.toSorted()).toEqual(
      ['?language=hi', ...assetsOf(html), 'data:,', 'https://app.example', 'https://help.example/?a=1&b=2'].toSorted(),
    )
  })

  test('takes no other method', async () => {
    await expectProblem(await get(name, {}, 'POST'), 'method-not-allowed')
  })
})

test.each<[string, Record<string, string>, string]>([
  ['', {}, 'en'],
  ['', { 'Accept-Language': 'hi-IN,en;q=0.5' }, 'hi'],
  ['?language=en', { 'Accept-Language': 'hi' }, 'en'],
  ['?language=hi', {}, 'hi'],
  ['?language=__proto__', { 'Accept-Language': 'hi' }, 'hi'],
])('the language is the one that was chosen, else the browser’s: %p, %p', async (query, headers, language) => {
  const answer = await get(`verify-email${query}`, headers)
  expect(answer.headers.get('content-language')).toBe(language)
  expect(await answer.text()).toStartWith(`<!doctype html><html lang="${language}" dir="ltr">`)
})

test('every page in every language has a word for everything', async () => {
  for (const name of pageNames)
    for (const language of ['en', 'hi']) {
      const html = await (await get(`${name}?language=${language}`)).text()
      expect(html).not.toMatch(/undefined|null|NaN|\[object/)
      const codes = [...html.matchAll(/<p data-code="([^"]+)">([^<]+)<\/p>/g)].map(([, code = '']) => code)
      expect(codes).toEqual(expect.arrayContaining(['done-title', 'refused-text', 'other', 'offline']))
      const text = html.slice(html.indexOf('<body')).replaceAll(/<[^>]*>/g, ' ')
      if (language === 'hi')
        expect(text.replaceAll(/Sukoon|English|API|https\S+|&\w+;/g, '')).not.toMatch(/[A-Za-z]{3}/)
      else expect(text.replace('हिन्दी', '')).not.toMatch(/[\u0900-\u097f]/)
    }
})

test('script and stylesheet are named for what they hold, and kept for good', async () => {
  const html = await (await get('reset-password')).text()
  const paths = assetsOf(html)
  expect(paths.map((path) => path.replace(/[0-9a-f]{16}/, '#'))).toEqual([
    'assets/account-#.css',
    'assets/account-#.js',
  ])
  for (const path of paths) {
    const answer = await get(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const body = await answer.text()
    expect(path).toContain(new Bun.CryptoHasher('sha256').update(body).digest('hex').slice(0, 16))
    // Nothing is asked of another host.
    expect(body).not.toMatch(/https?:|url\(|@import|import\b.*from/)
  }
  expect(await (await get(paths[0] ?? '')).text()).toContain('--brand:#ffe066')
})

test('while two versions are deployed, each serves what it has for the other’s names, and no browser keeps it', async () => {
  const answer = await get('assets/account-0123456789abcdef.js')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each([
  'assets/account.js',
  'assets/account-0123456789abcdef.html',
  'assets/..%2faccount.js',
  'assets/',
  'nothing',
  '',
])('/account/%s is nothing', async (path) => {
  await expectProblem(await get(path), 'not-found')
})

test('documents to agree to are shown on the page of the invitation, as text', () => {
  const consentDocuments = [
    { document: 'terms', version: '2026-01', required: true },
    { document: '<b>"x"', version: '1&2', required: false },
  ]
  const assets = { script: 'a.js', style: 'a.css' }
  const { brand } = app.config
  const options = { language: 'en', brand, passwordMinLength: 12, appUrl: null, mailIsOn: true, assets } as const
  const html = renderPage({ ...options, name: 'accept-invitation', consentDocuments })
  expect(html).toContain('data-document="terms" data-version="2026-01" required=""')
  expect(html).toContain('<label for="consent-0">terms (2026-01), required</label>')
  expect(html).toContain('data-document="&lt;b&gt;&quot;x&quot;" data-version="1&amp;2"/>')
  expect(html).toContain('<label for="consent-1">&lt;b&gt;&quot;x&quot; (1&amp;2)</label>')
  expect(renderPage({ ...options, name: 'reset-password', consentDocuments })).not.toContain('consent-0')
})
