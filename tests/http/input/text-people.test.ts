import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { z } from 'zod'
import { Email, PersonName } from '../../../src/http/input/fields.ts'
import { canonicalEmail } from '../../../src/text/email-address.ts'

/** The parsed value, or `refused`. */
function read(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value)
  return result.success ? result.data : 'refused'
}

/** Characters that nobody sees, and that make two names look like one: escapes of every kind the schemas must refuse. */
const misleading = [
  ...['\0', '\x07', '\n', '\r', '\x1b', '\x7f', '\x85', '\u2028', '\u2029', '\ud800', '\u061c', '\u200b', '\u200e'],
  ...[
    '\u200f',
    '\u202a',
    '\u202b',
    '\u202c',
    '\u202d',
    '\u202e',
    '\u2060',
    '\u2066',
    '\u2067',
    '\u2068',
    '\u2069',
    '\ufeff',
  ],
]

describe('Email', () => {
  test.each([
    ['  Asha@Example.COM ', 'asha@example.com'],
    ["o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"],
    ['ａｓｈａ@example.com', 'asha@example.com'],
    ['\u212Aelvin@example.com', 'kelvin@example.com'],
    ['आशा@उदाहरण.भारत', 'आशा@उदाहरण.भारत'],
    ['josé@münchen.de', 'josé@münchen.de'],
    ['jose\u0301@münchen.de', 'josé@münchen.de'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
    ['a@xn--mnchen-3ya.de', 'a@münchen.de'],
    ['a@XN--MNCHEN-3YA.DE', 'a@münchen.de'],
    ['a@MÜNCHEN.de', 'a@münchen.de'],
    ['a@mu\u0308nchen.de', 'a@münchen.de'],
    ['a@xn--strae-oqa.example', 'a@straße.example'],
    ['a@STRAẞE.example', 'a@straße.example'],
    ['a@strasse.example', 'a@strasse.example'],
    ['a@xn--p1b6ci4b4b3a.xn--h2brj9c', 'a@उदाहरण.भारत'],
    ['a@xn--kxawhkp.gr', 'a@νίκος.gr'],
    ['a@ᎣᏏᏲ.example', 'a@ꭳꮟᏺ.example'],
    ['a@xn--3a-example.com', 'refused'],
    ['a@xn--ls8h.la', 'refused'],
    ['a@💩.la', 'refused'],
    ['a@xn--xn---epa.com', 'refused'],
    ['a@ex%61mple.com', 'refused'],
    ['a@0x7f.1', 'refused'],
    ['a@münchen.de.', 'refused'],
    ['a@xn--mnchen-3ya.de.', 'refused'],
  ])('reads %p as %p', (text, canonical) => {
    expect(read(Email, text)).toBe(canonical)
  })

  test.each([
    '',
    ' ',
    'asha',
    '@example.com',
    'asha@',
    'a@b@c.com',
    'a@localhost',
    'a@127.0.0.1',
    'a@127.0.0.10',
    'a@example.12',
    'a@[127.0.0.1]',
    'a@-x.com',
    'a@x-.com',
    'a@x..com',
    'a@.com',
    'a@x.com.',
    'a@x.c',
    'a@x_y.com',
    'a@xn--ü.com',
    '.a@x.com',
    'a.@x.com',
    'a..b@x.com',
    'a b@x.com',
    '"a"@x.com',
    'a,b@x.com',
    '<a@x.com>',
    'a\u00a0b@x.com',
    'a\u00adb@x.com',
    'a\u200cb@x.com',
    'a\u200db@x.com',
    'a\u034fb@x.com',
    'a\ufe0f@x.com',
    'a@x\ufe0f.com',
    'a@x。com',
    `${'a'.repeat(65)}@example.com`,
    `${'आ'.repeat(22)}@example.com`,
    `a@${'x'.repeat(64)}.com`,
    `a@${'x.'.repeat(130)}com`,
    1,
    null,
    { email: 'a@x.com' },
  ])('refuses %p', (value) => {
    expect(read(Email, value)).toBe('refused')
  })

  test.each(misleading.map((character) => [character]))('refuses %j wherever it stands', (character) => {
    for (const text of [`${character}a@x.com`, `a${character}b@x.com`, `a@x${character}.com`, `a@x.com${character}`]) {
      expect(read(Email, text)).toBe('refused')
    }
  })

  test('what is accepted is canonical: normalising again changes nothing, and it is accepted again', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
    const address = fc.tuple(part, fc.oneof(part, fc.constant('example'))).map(([a, b]) => `${a}@${b}.com`)
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), address), (text) => {
        const result = Email.safeParse(text)
        if (!result.success) return
        expect(result.data).toBe(canonicalEmail(text))
        expect(canonicalEmail(result.data)).toBe(result.data)
        expect(canonicalEmail(result.data.toUpperCase())).toBe(canonicalEmail(result.data.toUpperCase().toLowerCase()))
        expect(read(Email, result.data)).toBe(result.data)
        expect(result.data.length).toBeLessThanOrEqual(254)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('PersonName', () => {
  test.each([
    ["O'Brien; select", "O'Brien; select"],
    ['<b>', '<b>'],
    ['  Asha ', 'Asha'],
    ['👩‍👩‍👧 Zoë', '👩‍👩‍👧 Zoë'],
    ['क्‍ष शर्‌मा', 'क्‍ष शर्‌मा'],
    ['李', '李'],
    ['e\u0301', 'e\u0301'],
    ['😀'.repeat(100), '😀'.repeat(100)],
  ])('keeps %p', (text, kept) => {
    expect(read(PersonName, text)).toBe(kept)
  })

  test.each(['', '   ', '\u200d', '\u3164', 'a'.repeat(101), '😀'.repeat(101), 7, null])('refuses %p', (value) => {
    expect(read(PersonName, value)).toBe('refused')
  })

  test.each(misleading.map((character) => [character]))('refuses %j wherever it stands', (character) => {
    for (const text of [`${character}Asha`, `As${character}ha`, `Asha${character}`])
      expect(read(PersonName, text)).toBe('refused')
  })
})
