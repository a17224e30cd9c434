import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { type ProblemCode, problems } from '../../../src/errors/app-error.ts'
import { problemIndex, problemPage } from '../../../src/http/output/problem-pages.ts'

const codes = Object.keys(problems) as ProblemCode[]

describe('the page of a problem', () => {
  const styleOf = (body: string) => /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? ''

  test.each(codes)('%s says its status, what it means, what to do, and shows a document', (code) => {
    const page = problemPage(code)
    const { status, title } = problems[code]
    expect(page?.headers['Content-Type']).toBe('text/html; charset=utf-8')
    for (const text of [
      `>${code}</code>`,
      `HTTP status ${status} `,
      'What it means',
      'What to do',
      `problems/${code}&quot;`,
      Bun.escapeHTML(title).replaceAll('&#x27;', '&#39;'),
    ])
      expect(page?.body).toContain(text)
    expect(page?.body.match(/<h1>/g)).toHaveLength(1)
    expect(page?.body).toStartWith('<!doctype html>\n<html lang="en">')
  })

  test('loads nothing, runs nothing, and its policy allows its own style alone', () => {
    for (const page of [problemIndex(), ...codes.map((code) => problemPage(code))]) {
      const body = page?.body ?? ''
      expect(body).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|style=|\son\w+=|(?:src|href)="(?:\w+:|\/\/)/i)
      const hash = createHash('sha256').update(styleOf(body)).digest('base64')
      expect(page?.headers['Content-Security-Policy']).toStartWith(`default-src 'none'; style-src 'sha256-${hash}';`)
    }
  })

  test('escapes what it shows', () => {
    expect(problemPage('authentication-required')?.body).toContain('&quot;Authorization: Bearer &lt;token&gt;&quot;')
    expect(problemPage('authentication-required')?.body).not.toContain('<token>')
  })

  test('of an unknown code does not exist', () => {
    for (const code of ['', 'unknown', 'Not-Found', 'not-found/', '<script>', '__proto__', 'constructor', 'toString'])
      expect(problemPage(code)).toBeUndefined()
  })

  test('is JSON for a client that asks for JSON and not for HTML', () => {
    for (const accept of ['application/json', 'application/problem+json, */*;q=0.1']) {
      const page = problemPage('not-found', accept)
      expect(page?.headers).toMatchObject({ 'Content-Type': 'application/json', Vary: 'Accept' })
      expect(JSON.parse(page?.body ?? '')).toMatchObject({ code: 'not-found', status: 404 })
      expect(JSON.parse(problemIndex(accept).body).items).toHaveLength(codes.length)
    }
    for (const accept of [undefined, '', '*/*', 'text/html,application/json;q=0.9', 'image/png'])
      expect(problemPage('not-found', accept)?.headers['Content-Type']).toStartWith('text/html')
  })
})

test('the index leads to the page of every code', () => {
  const { body } = problemIndex()
  for (const code of codes) expect(body).toContain(`<a href="problems/${code}">`)
})
