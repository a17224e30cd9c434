import { expect, test } from 'bun:test'
import { returnUrls } from '../../src/config/return-urls.ts'

test('web pages, this machine and schemes of apps are kept letter by letter', () => {
  const urls = [
    'https://app.manas360.com/signed-in',
    'https://app.manas360.com/signed-in?tenant=a',
    'http://localhost:5173/signed-in',
    'http://127.0.0.1:7777/',
    'com.manas360.app:/signed-in',
    'manas360://signed-in',
  ]
  expect(returnUrls.parse(` ${urls.join(' , ')} ,`)).toEqual(urls)
  expect(returnUrls.parse('')).toEqual([])
})

test.each([
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'intent://x#Intent;end',
  'blob:https://app.manas360.com/x',
  'http://app.manas360.com/signed-in',
  'http://localhost.evil.example/x',
  'http://127.0.0.1.evil.example/x',
  'https://user@app.manas360.com/x',
  'https:///app.manas360.com',
  'https:app.manas360.com',
  'https://app.manas360.com/#x',
  'https://app.manas360.com/a b',
  'https://app.manas360.com/\\evil',
  '//app.manas360.com/x',
  '/signed-in',
  'app.manas360.com',
  `https://app.manas360.com/${'x'.repeat(500)}`,
])('refused: %s', (url) => {
  expect(returnUrls.safeParse(url).success).toBe(false)
})

test('a list has a bound', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `https://app.example/${i}`).join()
  expect(returnUrls.safeParse(many(50)).success).toBe(true)
  expect(returnUrls.safeParse(many(51)).success).toBe(false)
})
