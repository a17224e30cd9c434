import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { z } from 'zod'
import {
  Email,
  IsoDate,
  IsoDateTime,
  LanguageTag,
  Limit,
  PermissionName,
  PersonName,
  PhoneNumber,
  Slug,
  TimeZone,
  Uuid,
} from '../../../src/http/input/fields.ts'

/** The parsed value, or `refused`. */
function read(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value)
  return result.success ? result.data : 'refused'
}

const cases: [string, z.ZodType, [unknown, unknown][], unknown[]][] = [
  [
    'PhoneNumber',
    PhoneNumber,
    [
      ['+1 (415) 555-01.00', '+14155550100'],
      ['+919876543210', '+919876543210'],
      ['9876543210', '9876543210'],
    ],
    ['', '+', '12345', '+0123456789', '+1234567890123456', '+1415x550100', '+1415+5550100', '٠١٢٣٤٥٦٧٨', 14155550100],
  ],
  [
    'LanguageTag',
    LanguageTag,
    [
      ['EN-us', 'en-US'],
      ['zh-hant-tw', 'zh-Hant-TW'],
      [' hi ', 'hi'],
    ],
    ['', 'x', 'en_US', 'english language', '-', 'en-', `en-${'abcdefgh-'.repeat(5)}x`, ['en'], 'en\0'],
  ],
  [
    'TimeZone',
    TimeZone,
    [
      ['asia/kolkata', 'Asia/Kolkata'],
      ['UTC', 'UTC'],
      ['Etc/GMT+5', 'Etc/GMT+5'],
    ],
    ['', '+05:30', 'Mars/Olympus', 'local', 'Asia/Kolkata\0', '../etc/passwd', 'x'.repeat(65), 5],
  ],
  [
    'Uuid',
    Uuid,
    [
      ['01980F5C-5B1E-7C3A-9D0F-3C6F2B1A4E5D', '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d'],
      ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000'],
    ],
    [
      '',
      '1',
      '{01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d}',
      '01980f5c5b1e7c3a9d0f3c6f2b1a4e5d',
      '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5g',
    ],
  ],
  [
    'Slug',
    Slug,
    [['premium_dashboard', 'premium_dashboard']],
    ['', 'A', '1a', '_a', 'a-b', 'a b', 'a\n', 'a.b', 'a'.repeat(64), 'constructor', '__proto__'],
  ],
  [
    'PermissionName',
    PermissionName,
    [['profile.read', 'profile.read']],
    ['', 'profile', 'a.b.c', '.a', 'a.', 'A.b', 'a.b\n'],
  ],
  [
    'Limit',
    Limit,
    [
      ['1', 1],
      ['100', 100],
      ['007', 7],
      [undefined, 20],
    ],
    ['', '0', '101', '-1', '1.5', '1e1', ' 1', '1 ', '0x10', '٥', '1000', 5, ['1', '2']],
  ],
  [
    'IsoDate',
    IsoDate,
    [
      ['2000-01-01', '2000-01-01'],
      ['2024-02-29', '2024-02-29'],
      ['2100-12-31', '2100-12-31'],
    ],
    ['', '1999-12-31', '2101-01-01', '2023-02-29', '2024-2-9', '2024-13-01', '+012024-01-01', 'today', 0],
  ],
  [
    'IsoDateTime',
    IsoDateTime,
    [
      ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000Z'],
      ['2024-01-01T00:00:00.123456+05:30', '2023-12-31T18:30:00.123Z'],
    ],
    [
      '',
      'junk',
      '2024-01-01',
      '2024-01-01T00:00:00',
      '2024-02-30T00:00:00Z',
      '1999-12-31T23:59:59Z',
      '2000-01-01T00:00:00+01:00',
      `2024-01-01T00:00:00.${'1'.repeat(60)}Z`,
      0,
    ],
  ],
]

describe.each(cases)('%s', (_name, schema, accepted, refused) => {
  test.each(accepted)('reads %p as %p', (value, result) => {
    expect(read(schema, value)).toEqual(result)
  })
  test.each(refused.map((value) => [value]))('refuses %p', (value) => {
    expect(read(schema, value)).toBe('refused')
  })
})

const all = {
  Email,
  PersonName,
  PhoneNumber,
  LanguageTag,
  TimeZone,
  Uuid,
  Slug,
  PermissionName,
  Limit,
  IsoDate,
  IsoDateTime,
}

test.each(Object.entries(all))('%s never throws, whatever it is given', (_name, schema) => {
  const near = fc
    .constantFrom('2024-01-01T00:00:00Z', 'en-US', 'Asia/Kolkata', 'a@b.com', '+1 415', '12')
    .chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.string({ unit: 'binary', maxLength: 3 }))
        .map(([at, x]) => text.slice(0, at) + x + text.slice(at + 1)),
    )
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ unit: 'binary' }), fc.anything()), (value) => void schema.safeParse(value)),
    {
      numRuns: 300,
    },
  )
})

test.each(Object.entries(all))('%s describes itself in JSON Schema', (name, schema) => {
  const described = z.toJSONSchema(schema, { io: 'input' })
  expect(described.type).toBe(name === 'Limit' ? 'integer' : 'string')
  expect(described.examples ?? described.description).toBeDefined()
})
