import { describe, expect, test } from 'bun:test'
import decodeQr from 'qr/decode.js'
import { toQrSvg } from '../../src/mfa/qr-code.ts'
import { mintTotpSecret, stepOfCode, totpUri } from '../../src/mfa/totp.ts'

/** RFC 6238, appendix B, for SHA-1: the last six digits of its eight. */
const vectors: [seconds: number, code: string][] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
]
/** Its secret, `12345678901234567890`, in base 32. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

describe('a code of an authenticator app', () => {
  test.each(vectors)('is that of RFC 6238 at second %i', async (seconds, code) => {
    expect(await stepOfCode(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30))
  })

  test('is right one step early or late, and wrong two', async () => {
    const [seconds, code] = [1_234_567_890, '005924']
    const step = seconds / 30
    for (const [away, expected] of [
      [-60, null],
      [-30, step],
      [-1, step],
      [0, step],
      [29, step],
      [30, step],
      [59, step],
      [60, null],
    ] as const)
      expect([away, await stepOfCode(secret, code, (seconds + away) * 1000)]).toEqual([away, expected])
  })

  test('another secret has others, and a new one has 160 bits', async () => {
    const [one, other] = [await mintTotpSecret(), await mintTotpSecret()]
    expect(one).not.toBe(other)
    expect(one).toMatch(/^[A-Z2-7]{32}$/)
    expect(await stepOfCode(one, '005924', 1_234_567_890_000)).toBeNull()
  })
})

test('the address says whose it is and what every app can do, and the QR code says the address', async () => {
  const uri = await totpUri(secret, 'MANAS 360 & more', 'आशा+1@example.com')
  const parsed = new URL(uri)
  expect(`${parsed.protocol}//${parsed.host}`).toBe('otpauth://totp')
  expect(decodeURIComponent(parsed.pathname)).toBe('/MANAS 360 & more:आशा+1@example.com')
  expect(Object.fromEntries(parsed.searchParams)).toEqual({
    issuer: 'MANAS 360 & more',
    secret,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
  const svg = await toQrSvg(uri)
  expect(svg.length).toBeLessThan(16_384)
  // What a strict content security policy forbids, or what would be another person's words.
  expect(svg).not.toMatch(/style|script|href|<text|on\w+=/)
  expect(decodeQr(rasterise(svg))).toBe(uri)
})

/** The SVG as pixels, eight to a module: of its two paths the second is the dark one. */
function rasterise(svg: string): { width: number; height: number; data: Uint8ClampedArray } {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1])
  const dark = /fill="#000" d="([^"]+)"/.exec(svg)?.[1] ?? ''
  const scale = 8
  const width = size * scale
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (const [, x, y, run] of dark.matchAll(/M(\d+) (\d+)h(\d+)v1H\1z/g))
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++)
      for (let column = Number(x) * scale; column < (Number(x) + Number(run)) * scale; column++)
        data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3)
  return { width, height: width, data }
}
