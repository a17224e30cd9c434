import { describe, expect, test } from 'bun:test'
import { isMailName, templates } from '../../src/mail/templates/templates.ts'
import { languages } from '../../src/text/language.ts'
import { brand, hasLink, link, render, samples } from './samples.ts'

/** The text of an HTML document as people read it. */
function readable(html: string): string {
  const body = html.slice(html.indexOf('<body')).replaceAll(/<[^>]*>/g, ' ')
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return body
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

const countOf = (text: string, part: string) => text.split(part).length - 1
const withoutBrand = (text: string) =>
  text.replaceAll(new RegExp(`${link}|${brand.support}|${brand.name}|\\w*…\\S*`, 'g'), '')

test('there is a sample of every template', () => {
  expect(new Set(samples().map(([, name]) => name))).toEqual(new Set(Object.keys(templates).filter(isMailName)))
})

for (const language of languages)
  describe(`in ${language}`, () => {
    test.each(samples())('%s says all that it must, in text and in HTML alike', (_variant, name, data) => {
      const { subject, text, html } = render(name, data, language)
      expect(`${subject}${text}${html}`).not.toMatch(/undefined|null|NaN|\[object|Invalid Date/)
      expect(subject).toMatch(/^\S.{8,120}\S$/u)
      // The text's lines are the HTML's words: nothing is said in one alone. Of the link only its button is seen there.
      const words = readable(html)
      for (const line of text.split('\n').filter((one) => one !== '-- ' && one !== link))
        expect(words).toContain(line.replace(/^- /, '').replace(/:$/, '').replaceAll(/\s+/g, ' ').trim())
      expect(text).toContain(brand.name)
      expect(text).toContain(language === 'hi' ? 'आपको यह ईमेल इसलिए मिला है क्योंकि' : 'You get this mail because')
      expect(text).toContain(brand.support ?? '')
      expect(html).toStartWith(`<!doctype html><html lang="${language}" dir="ltr">`)
    })

    test.each(samples())('%s is written in that language throughout', (_variant, name, data) => {
      const { subject, text } = render(name, data, language)
      const known = /\b(?:API|IP|IST|GMT|UTC|Windows|Firefox|Asha|Rao)\b/g
      const foreign = language === 'hi' ? /[a-z]{3,}/i : /[\u0900-\u097f]/
      expect(withoutBrand(`${subject}\n${text}`).replaceAll(known, '')).not.toMatch(foreign)
    })

    test.each(samples())('%s has its link once, and asks for nothing from elsewhere', (_variant, name, data) => {
      const { text, html } = render(name, data, language)
      expect([countOf(text, link), countOf(html, link)]).toEqual(hasLink(name) ? [1, 1] : [0, 0])
      if (hasLink(name)) expect(text.split('\n')).toContain(link)
      expect(html.match(/https?:\/\//g) ?? []).toHaveLength(hasLink(name) ? 1 : 0)
      expect(html).not.toMatch(
        /<(?:img|script|link|iframe|object|form|svg|video|audio|input)\b|url\(|@import|\son\w+=|javascript:/i,
      )
    })
  })

const hostile = [
  `"><script>alert(1)</script><b onmouseover='x'>`,
  'https://evil.example/login',
  'Your account is locked: call evil.example now, or write to x@evil.example',
  '\r\nBcc: x@evil.example\r\n\r\n<h1>',
  '&lt;img src=x&gt; {{x}} %s',
  `${'अ'.repeat(5_000)}`,
]

test.each(hostile)('nobody writes into a mail by calling themselves %p', (text) => {
  for (const language of languages)
    for (const [, name, data] of samples(text)) {
      const plain = render(name, data, language)
      expect(plain.html).not.toMatch(/<script|<b\b|<img|onmouseover='|<h1>(?!\S)/)
      // No mail program makes a link of it.
      for (const part of [plain.subject, plain.text, readable(plain.html)]) {
        expect(part.replaceAll(link, '')).not.toMatch(/https?:\/\/|evil\.example|x@evil/)
        expect(part.length).toBeLessThan(5_000)
      }
      expect(plain.subject).not.toMatch(/[\r\n]/)
    }
})

test('a User-Agent never speaks for itself', () => {
  const event = { at: '2026-11-28T17:55:00Z', userAgent: 'Call 555-0100 at once', ip: null }
  const { text, html } = render('new-device', { events: [event] }, 'en')
  expect(text + html).not.toContain('555')
  expect(text).toContain('unknown device')
})

test('an address is shown so that its owner knows it, and nobody else learns it', () => {
  const { text, html } = render('undo-email', { validHours: 168, newEmail: 'mallory@thief.example' }, 'en')
  expect(text + html).not.toContain('mallory')
  expect(text.replaceAll('\u2060', '')).toContain('m…@thief.example')
})

test('a notice lists what happened, oldest first, and counts what is left out', () => {
  const [first, second] = ['2026-11-28T17:55:00Z', '2026-11-28T18:01:00Z'].map((at) => ({ at, ip: '203.0.113.7' }))
  if (!first || !second) throw new Error('two events')
  const english = render('password-changed', { events: [first, second], more: 5 }, 'en', { timeZone: 'UTC' })
  expect(english.subject).toBe('Your password was changed 7 times')
  expect(english.text).toContain('- 28 November 2026, 17:55 UTC: IP address')
  expect(english.text.indexOf('17:55')).toBeLessThan(english.text.indexOf('18:01'))
  expect(english.text).toContain('- and 5 more')
  const hindi = render('password-changed', { events: [first] }, 'hi')
  expect(hindi.subject).toBe('आपका पासवर्ड बदला गया')
  expect(hindi.text).toContain('- 28 नवंबर 2026, 23:25 IST: IP पता')
})

test('a brand of another name, colour and without a place for help is all that changes', () => {
  const own = { name: 'Sukoon', logoText: 'Sukoon ✿', color: '#ffe066', support: null }
  const { text, html } = render('verify-email', { validHours: 24 }, 'en', { brand: own })
  expect(text + html).not.toMatch(/MANAS|0f766e|Help:/)
  expect(text).toStartWith('Sukoon ✿\n')
  expect(html).toContain('#ffe066')
})

test('a name that no template has is none', () => {
  for (const name of ['constructor', '__proto__', 'toString', '', 'verify-email ']) expect(isMailName(name)).toBe(false)
})
