import { describe, expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importJWK, type JWK } from 'jose'
import { rotateKeySet } from '../../src/crypto/key-rotation.ts'
import { loadConfig } from '../../src/room-config.ts'
import { patience, testSecrets } from '../support/app.ts'
import { runProgram } from '../support/program.ts'
import { keyOf, newKeySet, signingWith } from '../support/signing-keys.ts'

type Key = JWK & { kid: string; d: string; iat: number }

const run = (args: string[], input = '') => runProgram(['keys', ...args], {}, input)
const keysOf = (out: string): Key[] => JSON.parse(out).keys
const idsOf = (out: string) => keysOf(out).map(({ kid }) => kid)

describe('keys generate', () => {
  test.each([
    ['ES256', []],
    ['ES256', ['--algorithm', 'ES256']],
    ['EdDSA', ['--algorithm', 'EdDSA']],
  ] as const)('makes a set for %s that the service takes, without any configuration', async (algorithm, args) => {
    const { code, out, err } = await run(['generate', ...args])
    expect(code).toBe(0)
    const [key] = keysOf(out)
    expect(key).toMatchObject({ alg: algorithm, use: 'sig' })
    await importJWK(key ?? {}, algorithm)
    const config = loadConfig({
      ...testSecrets,
      ...patience,
      ...signingWith(algorithm, JSON.parse(out)),
      DATABASE_URL: 'postgres://127.0.0.1/m',
    })
    expect(config.accessKeys).toMatchObject({ algorithm, keys: [{ id: key?.kid }] })
    expect(err).not.toContain(key?.d ?? '')
    expect(idsOf((await run(['generate', ...args])).out)).not.toEqual(idsOf(out))
  })
})

describe('keys rotate', () => {
  test('adds a key last, moves it first, drops the old one, and says which step it was and what comes next', async () => {
    const first = await run(['generate', '--algorithm', 'EdDSA'])
    const [old = ''] = idsOf(first.out)
    const added = await run(['rotate'], first.out)
    const moved = await run(['rotate'], added.out)
    const dropped = await run(['rotate'], moved.out)
    const [, fresh = ''] = idsOf(added.out)
    expect([added, moved, dropped].map(({ out }) => idsOf(out))).toEqual([[old, fresh], [fresh, old], [fresh]])
    expect(added.err).toMatch(
      new RegExp(`^Step 1 of 3 done: added ${fresh} last.*${old} still signs\\.\nNext: deploy .*`),
    )
    expect(moved.err).toMatch(
      new RegExp(`^Step 2 of 3 done: moved ${fresh} first.*still accepted: ${old}\\.\nNext: deploy `),
    )
    expect(dropped.err).toMatch(new RegExp(`^Step 3 of 3 done: dropped ${old}.*\nNext: deploy `))
    const secrets = keysOf(added.out).map(({ d }) => d)
    for (const { code, err } of [first, added, moved, dropped]) {
      expect(code).toBe(0)
      for (const secret of secrets) expect(err).not.toContain(secret)
    }
  })

  test('reads a file as it reads standard input, and leaves alone what it does not know', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'manas360-rotate-')), 'keys.json')
    const [key] = (await newKeySet('ES256')).keys
    writeFileSync(file, JSON.stringify({ note: 'ours', keys: [{ ...key, owner: 'auth' }] }))
    const { code, out } = await run(['rotate', file])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ note: 'ours', keys: [{ ...key, owner: 'auth' }, { alg: 'ES256' }] })
  })

  test('what it cannot read is told on standard error, without what is secret in it; nothing is printed', async () => {
    const [key] = (await newKeySet('EdDSA')).keys
    const twins = { keys: [...(await newKeySet('EdDSA')).keys, key].map((jwk) => ({ ...jwk, iat: 5 })) }
    const mixed = { keys: [key, ...(await newKeySet('ES256')).keys] }
    const inputs = ['', '{}', '{"keys":[]}', `{"keys":[{"d":"${key?.d}"`, JSON.stringify(twins), JSON.stringify(mixed)]
    for (const input of inputs) {
      const { code, out, err } = await run(['rotate'], input)
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^standard input: \w/)
      expect(err).not.toContain(key?.d ?? '')
    }
    expect(await run(['rotate', '/nowhere/at/all'])).toMatchObject({ code: 1, out: '' })
  })

  test('the newest of several is found by its age, whatever stands where and whatever has none', async () => {
    const aged = async (iat?: number) => ({ ...keyOf(await newKeySet('EdDSA')).jwk, iat })
    const [foreign, old, fresh] = [await aged(), await aged(10), await aged(20)]
    const next = (...keys: unknown[]) => rotateKeySet(JSON.stringify({ keys }), 15)
    const idsAfter = async (...keys: unknown[]) => (await next(...keys)).set.keys.map(({ kid }) => kid)
    expect(await idsAfter(old, fresh, foreign)).toEqual([fresh.kid, old.kid, foreign.kid])
    expect(await idsAfter(fresh, foreign, old)).toEqual([fresh.kid])
    expect(await idsAfter(foreign, fresh)).toEqual([fresh.kid, foreign.kid])
    // Even while the clock is behind, or stands still, what is added is the newest.
    expect((await next(fresh)).set.keys[1]?.iat).toBe(21)
    expect((await next(foreign)).set.keys[1]?.iat).toBe(15)
  })
})

test('keys --help explains the three steps; anything else is a wrong use, told on standard error', async () => {
  const help = await run(['--help'])
  expect([help.code, help.err]).toEqual([0, ''])
  expect(help.out).toContain('three steps')
  for (const args of [
    [],
    ['list'],
    ['generate', 'x'],
    ['generate', '--algorithm', 'RS256'],
    ['rotate', 'a', 'b'],
    ['rotate', '--algorithm', 'ES256'],
  ])
    expect(await run(args)).toMatchObject({ code: 64, out: '', err: expect.stringContaining('keys rotate') })
})
