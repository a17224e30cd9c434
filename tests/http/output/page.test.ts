import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../../src/errors/app-error.ts'
import { type CursorField, decodeCursor, encodeCursor, page } from '../../../src/http/output/page.ts'

const id = '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d'
const raw = (json: string) => Buffer.from(json).toString('base64url')

function outcome(text: string, shape: CursorField[]): unknown {
  try {
    return decodeCursor(text, shape)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code
  }
}

describe('decodeCursor', () => {
  test.each<[(string | number | null)[], CursorField[]]>([
    [[id], ['uuid']],
    [
      ['2026-01-31T09:30:00.123456+00:00', id],
      ['date', 'uuid'],
    ],
    [
      ['2026-01-31T09:30:00Z', id],
      ['date?', 'uuid'],
    ],
    [
      [null, id],
      ['date?', 'uuid'],
    ],
    [
      ['आशा@example.com', 3],
      ['string', 'number'],
    ],
    [
      [null, null, null],
      ['string?', 'number?', 'uuid?'],
    ],
    [[], []],
  ])('gives back %j', (values, shape) => {
    expect(decodeCursor(encodeCursor(values), shape)).toEqual(values)
  })

  const wrong: [string, string, CursorField[]][] = [
    ['nothing', '', ['uuid']],
    ['no base64url', '!!!!', ['uuid']],
    ['padding', `${encodeCursor([1])}=`, ['number']],
    ['base64 of another alphabet', encodeCursor(['>>>???']).replaceAll('-', '+').replaceAll('_', '/'), ['string']],
    ['stray white space', ` ${encodeCursor([1])}`, ['number']],
    ['another spelling of the JSON', raw('[ 1 ]'), ['number']],
    ['no JSON', raw('[1'), ['number']],
    ['no list', raw('{"0":1,"length":1}'), ['number']],
    ['invalid UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]).toString('base64url'), ['string']],
    ['too few values', encodeCursor([1]), ['number', 'number']],
    ['too many values', encodeCursor([1, 2]), ['number']],
    ['a null', encodeCursor([null]), ['uuid']],
    ['a number for a string', encodeCursor([1]), ['string']],
    ['a string for a number', encodeCursor(['1']), ['number']],
    ['a fraction', encodeCursor([1.5]), ['number']],
    ['an unsafe number', raw('[9007199254740992]'), ['number']],
    ['an infinite number', raw('[1e999]'), ['number']],
    ['a list for a string', raw('[["a"]]'), ['string']],
    ['NUL', encodeCursor(['a\0']), ['string']],
    ['a lone surrogate', encodeCursor(['\ud800']), ['string']],
    ['no UUID', encodeCursor(['1']), ['uuid']],
    ['another spelling of a UUID', encodeCursor([id.toUpperCase()]), ['uuid']],
    ['SQL', encodeCursor(["' or 1=1 --"]), ['uuid']],
    ['no date', encodeCursor(['now']), ['date']],
    ['a day that does not exist', encodeCursor(['2026-02-30T00:00:00Z']), ['date']],
    ['an hour that does not exist', encodeCursor(['2026-02-03T25:00:00Z']), ['date']],
    ['an offset that PostgreSQL refuses', encodeCursor(['2026-02-03T20:00:00+23:00']), ['date']],
    ['a year out of bounds', encodeCursor(['9999-01-01T00:00:00Z']), ['date']],
    ['a date without a zone', encodeCursor(['2026-01-31T09:30:00']), ['date']],
    ['more than 2 KiB', encodeCursor(['x'.repeat(2_000)]), ['string']],
  ]
  test.each(wrong)('refuses %s', (_name, text, shape) => {
    expect(outcome(text, shape)).toBe('invalid-cursor')
  })

  test('of any text makes values that encode to that very text, or an AppError', () => {
    const shape = fc.array(fc.constantFrom<CursorField[]>('string', 'number?', 'uuid', 'date?'), { maxLength: 3 })
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.json().map(raw),
      fc.array(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { maxLength: 3 }).map(encodeCursor),
    )
    fc.assert(
      fc.property(text, shape, (cursor, fields) => {
        const values = outcome(cursor, fields)
        if (values !== 'invalid-cursor') expect(encodeCursor(values as string[])).toBe(cursor)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('page', () => {
  test('walking the cursors visits each row once, in order, whatever the limit', () => {
    const all = Array.from({ length: 23 }, (_, i) => ({ n: i }))
    for (const limit of [1, 5, 22, 23, 24]) {
      const seen: { n: number }[] = []
      let after = -1
      for (let cursor: string | null = ''; cursor !== null; ) {
        const rows = all.filter((row) => row.n > after).slice(0, limit + 1)
        const { items, nextCursor } = page(rows, limit, (row) => [row.n])
        expect(items.length).toBeLessThanOrEqual(limit)
        seen.push(...items)
        if (nextCursor !== null) [after] = decodeCursor(nextCursor, ['number'])
        cursor = nextCursor
      }
      expect(seen).toEqual(all)
    }
  })

  test('the last page says so, full or not', () => {
    for (const rows of [[], [1], [1, 2]]) expect(page(rows, 2, (n) => [n])).toEqual({ items: rows, nextCursor: null })
    expect(page([1, 2, 3], 2, (n) => [n])).toEqual({ items: [1, 2], nextCursor: encodeCursor([2]) })
  })
})
