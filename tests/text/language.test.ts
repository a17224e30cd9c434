import { expect, test } from 'bun:test'
import { type Language, languageOf, preferredLanguage } from '../../src/text/language.ts'

test.each<[string, Language]>([
  ['hi', 'hi'],
  ['hi-IN', 'hi'],
  ['HI-Deva-IN', 'hi'],
  ['en-GB', 'en'],
  ['ta-IN', 'en'],
  ['hil', 'en'],
  ['', 'en'],
])('people with the language %p are written to in %s', (tag, language) => {
  expect(languageOf(tag)).toBe(language)
})

test.each<[string | undefined, Language]>([
  [undefined, 'en'],
  ['', 'en'],
  ['hi', 'hi'],
  ['hi-IN,en-GB;q=0.8', 'hi'],
  ['en-GB,hi;q=0.9', 'en'],
  ['en;q=0.5, HI-in ; q=0.9', 'hi'],
  ['ta, hi;q=0.7, en;q=0.3', 'hi'],
  ['hi;q=0, en;q=0.1', 'en'],
  ['hi;q=0', 'en'],
  ['hi;q=7', 'en'],
  ['hi;q=1e9, en', 'en'],
  ['*', 'en'],
  [';;;,,,q=1', 'en'],
])('Accept-Language %p is answered in %s', (header, language) => {
  expect(preferredLanguage(header)).toBe(language)
})

test('no more of an Accept-Language is read than an honest one holds', () => {
  expect(preferredLanguage(`${'x,'.repeat(50_000)}hi`)).toBe('en')
})
