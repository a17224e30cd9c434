import { expect, test } from 'bun:test'
import { readCode } from '../../src/mfa/presented-code.ts'
import { hashRecoveryCode, mintRecoveryCodes, readRecoveryCode } from '../../src/mfa/recovery-codes.ts'

test('ten codes of 120 random bits, in groups that can be read from paper', () => {
  const codes = mintRecoveryCodes()
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
})

test('a code is known however it is typed, and letters that look like digits are those', () => {
  const plain = '7K2Q0V9D1N4T5H8M2R6P3WJC'
  for (const typed of [
    '7K2Q-0V9D-1N4T-5H8M-2R6P-3WJC',
    '7k2q 0v9d 1n4t 5h8m 2r6p 3wjc',
    ' 7K2Q0V9D1N4T5H8M2R6P3WJC ',
    '7K2Q-OV9D-IN4T-5H8M-2R6P-3WJC',
    '7K2Q-oV9D-lN4T-5H8M-2R6P-3WJC',
  ])
    expect(readRecoveryCode(typed)).toBe(plain)
  for (const typed of ['', '123456', plain.slice(1), `${plain}0`, plain.replace('7', 'U'), plain.replace('7', '७')])
    expect(readRecoveryCode(typed)).toBeNull()
})

test('what a code is, its form tells', () => {
  for (const text of ['123456', '123 456', '123-456', ' 123\u00a0456 '])
    expect(readCode(text)).toEqual({ kind: 'totp', digits: '123456' })
  expect(readCode('7K2Q-0V9D-1N4T-5H8M-2R6P-3WJC')).toEqual({
    kind: 'recovery-code',
    hash: hashRecoveryCode('7K2Q0V9D1N4T5H8M2R6P3WJC'),
  })
  for (const text of ['', '12345', '1234567', '１２３４５６', '१२३४५६', '12345a', "' or 1=1 --"])
    expect(readCode(text)).toEqual({ kind: 'none' })
})
