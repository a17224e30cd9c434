import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../../src/errors/app-error.ts'
import { parseJson } from '../../../src/http/input/json.ts'

/** What was thrown, as `code` or, for a refused value, `path: code`. */
function outcome(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const [first] = error.errors ?? []
    return first ? `${first.path}: ${first.code}` : error.code
  }
}

test('what is only compared may be any string, as a member of the body itself', () => {
  const parsed = (text: string) => outcome(() => parseJson(text, ['token']))
  expect(parsed('{"token":"\\u0000\\ud800"}')).toEqual({ token: '\0\ud800' })
  expect(parsed('{"t\\u006fken":"\\u0000"}')).toEqual({ token: '\0' })
  expect(parsed('{"token":"","a":"\\u0000"}')).toBe('a: nul-character')
  expect(parsed('{"token":["\\u0000"]}')).toBe('token.0: nul-character')
  expect(parsed('{"token":{"token":"\\u0000"}}')).toBe('token.token: nul-character')
  expect(parsed('{"a":{"token":"\\ud800"}}')).toBe('a.token: lone-surrogate')
  expect(parsed('{"token":1,"token\\u0000":1}')).toBe('token\0: nul-character')
})

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":[]`).join()}}`

const list = (count: number) => `[${Array(count).fill('"x"').join()}]`

describe('parseJson', () => {
  test.each([
    ['', 'malformed-json'],
    ['  ', 'malformed-json'],
    ['{', 'malformed-json'],
    ['{"a":1,}', 'malformed-json'],
    ["{'a':1}", 'malformed-json'],
    ['NaN', 'malformed-json'],
    ['\uFEFF{}', 'malformed-json'],
    ['"\0"', 'malformed-json'],
    [nested(33), `${Array(32).fill(0).join('.')}: too-deep`],
    [nested(30_000), `${Array(32).fill(0).join('.')}: too-deep`],
    [keys(1_001), 'k1000: too-many-keys'],
    [`{"a":${list(1_001)}}`, 'a.1000: too-many-items'],
    [`[${list(600)},${list(600)}]`, '1.400: too-many-items'],
    // Too much is told before the text is parsed, what is wrong in it only once it is known to be JSON.
    [`{"a":${list(1_001)}`, 'a.1000: too-many-items'],
    [`${'['.repeat(33)}`, `${Array(32).fill(0).join('.')}: too-deep`],
    ['{"a":1,"a":2', 'malformed-json'],
    ['{"__proto__":1', 'malformed-json'],
    ['{"a":"\\u0000"', 'malformed-json'],
    ['{"a', 'malformed-json'],
    ['{"a\\u12"', 'malformed-json'],
    ['{"a":{"__proto__":1}}', 'a.__proto__: forbidden-key'],
    ['{"\\u005f_proto__":1}', '__proto__: forbidden-key'],
    ['[{"constructor":1}]', '0.constructor: forbidden-key'],
    ['{"prototype":null}', 'prototype: forbidden-key'],
    ['{"role":"user","role":"admin"}', 'role: duplicate-key'],
    ['{"a":[1,{"x":1,"y":{},"\\u0078":2}]}', 'a.1.x: duplicate-key'],
    ['{"a":["ok","\\u0000"]}', 'a.1: nul-character'],
    ['{"a\\u0000":1}', 'a\0: nul-character'],
    ['"\\ud83d"', ': lone-surrogate'],
    ['{"a":"\\udE00x"}', 'a: lone-surrogate'],
    ['["\ud800"]', '0: lone-surrogate'],
    ['{"\\ud800":1}', '\ufffd: lone-surrogate'],
  ])('refuses %j as %s', (text, refusal) => {
    expect(outcome(() => parseJson(text))).toBe(refusal)
  })

  test.each([
    nested(32),
    keys(1_000),
    list(1_000),
    '{"a":{"x":1},"b":{"x":1},"A":1}',
    '{"a":"\\\\","b":"\\\\\\"","c":"\\u0001 \\ud83d\\ude00 __proto__"}',
    '["a","a",{"q":"{\\"a\\":1,\\"a\\":1}"}]',
    '"O\'Brien; select <b> 😀 आशा"',
    ' null ',
  ])('accepts %p as it is', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  test('a path in an error is bounded, however long the key', () => {
    const key = 'k'.repeat(60_000)
    expect(String(outcome(() => parseJson(`{"${key}":1,"${key}":2}`))).length).toBeLessThan(250)
  })

  test('reads what JSON.parse reads, and refuses nothing else', () => {
    const plain = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '').toWellFormed())
    const key = plain.filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, fc.double(), plain, fc.boolean(), fc.constant(null), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    }))
    fc.assert(
      fc.property(value, fc.nat(2), (sample, space) => {
        const text = JSON.stringify(sample, null, space)
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('any text gives a value or an AppError', () => {
    const soup = fc.array(fc.constantFrom(...'{}[],:"\\/u0123dD8 \0\uD800ab'.split(''), '"a":', '{"a":1', 'null'))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          soup.map((parts) => parts.join('')),
        ),
        (text) => void outcome(() => parseJson(text)),
      ),
      {
        numRuns: 2_000,
      },
    )
  })
})
