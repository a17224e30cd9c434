import { describe, expect, test } from 'bun:test'
import { createSecrets, UnreadableSecretError } from '../../src/secrets/secrets.ts'

const [first, second] = ['a first key of more than 32 characters', 'a second key of more than 32 characters']
const place = { table: 'mail_outbox', column: 'link', id: '0193a0b0-0000-7000-8000-000000000001' }
const old = createSecrets([first])
const both = createSecrets([second, first])

describe('a secret at rest', () => {
  const value = old.encrypt('https://example.org/#token=ünïcode', place)

  test('is read back under its key, and under a set in which that is an earlier one', () => {
    expect(old.decrypt(value, place)).toBe('https://example.org/#token=ünïcode')
    expect(both.decrypt(value, place)).toBe('https://example.org/#token=ünïcode')
    expect([old.isCurrent(value), both.isCurrent(value), both.isKnown(value)]).toEqual([true, false, true])
    expect(value.subarray(0, 9)).toEqual(old.currentHeader())
  })

  test('is readable in its own row and column alone', () => {
    for (const elsewhere of [
      { ...place, id: '0193a0b0-0000-7000-8000-000000000002' },
      { ...place, column: 'other' },
      { ...place, table: 'other' },
    ])
      expect(() => old.decrypt(value, elsewhere)).toThrow(UnreadableSecretError)
  })

  test('is refused when a single bit of it changed, when it was cut, and under another key', () => {
    for (let byte = 0; byte < value.length; byte++) {
      const changed = Buffer.from(value)
      changed[byte] = (changed[byte] ?? 0) ^ 1
      expect(() => old.decrypt(changed, place)).toThrow(UnreadableSecretError)
    }
    for (const length of [0, 1, 9, 21, 36, value.length - 1])
      expect(() => old.decrypt(value.subarray(0, length), place)).toThrow(UnreadableSecretError)
    expect(() => createSecrets([second]).decrypt(value, place)).toThrow(UnreadableSecretError)
  })

  test('never encrypts to the same bytes twice, and shows nothing of its text', () => {
    expect(old.encrypt('same', place)).not.toEqual(old.encrypt('same', place))
    expect(value.includes(Buffer.from('token'))).toBeFalse()
  })
})
