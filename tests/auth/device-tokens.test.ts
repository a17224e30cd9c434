import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { createDeviceTokens } from '../../src/auth/device-tokens.ts'

const secret = new Uint8Array(32).fill(7)
const tokens = createDeviceTokens(secret)
const account = '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5d'
const other = '01980f5c-5b1e-7c3a-9d0f-3c6f2b1a4e5e'

describe('a device token', () => {
  test('tells its device, account and password version', () => {
    const token = tokens.issue(account, 3)
    expect(tokens.read(token)).toEqual({
      deviceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      accountId: account,
      passwordVersion: 3,
    })
  })

  test('counts for each device by itself, and keeps the id of a device that logs in again', () => {
    const first = tokens.read(tokens.issue(account, 1))?.deviceId ?? ''
    expect(tokens.read(tokens.issue(account, 1))?.deviceId).not.toBe(first)
    expect(tokens.read(tokens.issue(account, 2, first))?.deviceId).toBe(first)
  })

  test('is refused with any one character changed, added or left out', () => {
    const token = tokens.issue(account, 12)
    for (let i = 0; i < token.length; i++) {
      for (const character of ['0', '1', 'a', 'B', '.', '-', '_', '=', '\n'])
        if (character !== token[i]) expect(tokens.read(token.slice(0, i) + character + token.slice(i + 1))).toBeNull()
      expect(tokens.read(token.slice(0, i) + token.slice(i + 1))).toBeNull()
    }
    for (const character of ['A', '=', ' ', '\n', '.']) {
      expect(tokens.read(token + character)).toBeNull()
      expect(tokens.read(character + token)).toBeNull()
    }
  })

  test('of another secret, or signed with the secret itself, is refused', () => {
    expect(tokens.read(createDeviceTokens(new Uint8Array(32).fill(8)).issue(account, 1))).toBeNull()
    const claims = `${other}.${account}.1`
    const anotherPurpose = createHmac('sha256', secret).update('something-else/v1').digest()
    for (const key of [secret, anotherPurpose, createHmac('sha256', secret).digest()]) {
      const forged = `${claims}.${createHmac('sha256', key).update(claims).digest('base64url')}`
      expect(tokens.read(forged)).toBeNull()
    }
  })

  test('that is malformed or absent is null, never an error', () => {
    for (const token of [
      undefined,
      '',
      '.',
      '...',
      'x'.repeat(100_000),
      '🌧'.repeat(43),
      `${tokens.issue(account, 1)}, ${tokens.issue(account, 1)}`,
    ])
      expect(tokens.read(token)).toBeNull()
    expect(tokens.read(tokens.issue(account, 2_147_483_648))).toBeNull()
  })

  test('is at most 200 characters that a header may carry', () => {
    const token = tokens.issue(account, 2_147_483_647)
    expect(token).toMatch(/^[A-Za-z0-9._-]{1,200}$/)
    expect(tokens.read(token)).not.toBeNull()
  })
})

test('a short secret is refused when the tokens are set up', () => {
  expect(() => createDeviceTokens(new Uint8Array(31))).toThrow(RangeError)
})
