import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../src/config/config-error.ts'
import { asymmetricAlgorithms } from '../../src/crypto/signing-keys.ts'
import { loadConfig } from '../../src/room-config.ts'
import { testSecrets } from '../support/app.ts'
import { newKeySet, signingWith } from '../support/signing-keys.ts'

const directory = mkdtempSync(join(tmpdir(), 'manas360-keys-'))
const { JWT_SECRET, ...others } = testSecrets
const environment = {
  ...others,
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://127.0.0.1/m',
  PUBLIC_URL: 'https://x.test',
  MAIL: 'off',
}
const load = (change: Record<string, string>) => loadConfig({ ...environment, ...change })

function problemsOf(change: Record<string, string>): string[] {
  try {
    load(change)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe.each([...asymmetricAlgorithms])('%s', async (algorithm) => {
  const set = await newKeySet(algorithm)
  const [key] = set.keys
  const other = await newKeySet(algorithm === 'ES256' ? 'EdDSA' : 'ES256')
  const inline = (value: unknown) => ({ JWT_ALGORITHM: algorithm, JWT_KEYS: JSON.stringify(value) })

  test('keys are read inline or from a file, and need no JWT_SECRET, in production too', () => {
    const path = join(directory, `${algorithm}.json`)
    writeFileSync(path, JSON.stringify(set))
    for (const JWT_KEYS of [JSON.stringify(set), `file:${path}`])
      expect(load({ JWT_ALGORITHM: algorithm, JWT_KEYS }).accessKeys).toMatchObject({
        algorithm,
        keys: [{ id: key?.kid }],
      })
  })

  const bad: Record<string, unknown> = {
    'no set': key,
    'no keys': { keys: [] },
    'a public key': { keys: [{ ...key, d: undefined }] },
    'a key of the other algorithm': other,
    'one of them of the other algorithm': { keys: [...set.keys, ...other.keys] },
    'an alg that is not its own': { keys: [{ ...key, alg: 'RS256' }] },
    'another curve': { keys: [{ ...key, crv: 'P-384' }] },
    'a key for encryption': { keys: [{ ...key, use: 'enc' }] },
    'a public half that is another key’s': { keys: [{ ...key, x: (await newKeySet(algorithm)).keys[0]?.x }] },
    'two keys of one name': { keys: [key, { ...(await newKeySet(algorithm)).keys[0], kid: key?.kid }] },
    'a name that could be a path': { keys: [{ ...key, kid: '../x' }] },
    'a secret': { keys: [{ kty: 'oct', k: 'x'.repeat(43) }] },
    null: null,
    text: 'keys',
  }
  for (const [name, value] of Object.entries(bad))
    test(`${name} is refused as JWT_KEYS, and nothing that is secret is told`, () => {
      const problems = problemsOf(inline(value))
      expect(problems.map((problem) => problem.split(':')[0])).toEqual(['JWT_KEYS'])
      for (const { d } of [...set.keys, ...other.keys]) expect(problems.join()).not.toContain(d)
    })

  test('a file that is not there, or holds no JSON, is refused by name', () => {
    const path = join(directory, 'broken.json')
    writeFileSync(path, `{"keys":[{"d":"${key?.d}`)
    for (const JWT_KEYS of ['file:', 'file:/nowhere/at/all', `file:${directory}`, `file:${path}`, 'keys.json']) {
      const problems = problemsOf({ JWT_ALGORITHM: algorithm, JWT_KEYS })
      expect(problems).toEqual([expect.stringMatching(/^JWT_KEYS: must /)])
      expect(problems.join()).not.toContain(key?.d ?? '')
    }
  })

  test('without keys there is nothing to sign with; with HS256 there is nothing to sign with them', () => {
    expect(problemsOf({ JWT_ALGORITHM: algorithm, JWT_SECRET })).toEqual([
      expect.stringMatching(/^JWT_KEYS: is req.*keys generate/),
    ])
    expect(problemsOf({ ...signingWith(algorithm, set), JWT_ALGORITHM: 'HS256', JWT_SECRET })).toEqual([
      expect.stringMatching(/^JWT_KEYS: /),
    ])
  })
})
