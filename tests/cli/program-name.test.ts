import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../../package.json'
import { nameCommands, nameProgram } from '../../src/cli/program-name.ts'
import { toDisplayHost, toReachableHost } from '../../src/config/listening-address.ts'
import { runProgram, sources } from '../support/program.ts'

const root = mkdtempSync(join(tmpdir(), 'manas360-names-'))
function put(folder: string, name: string): string {
  mkdirSync(join(root, folder), { recursive: true })
  const file = join(root, folder, name)
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, 0o755)
  return file
}
const bun = put('bin', 'bun')
const ofNpx = put('npm/_npx/8666902f26f2dc1a/node_modules/bun/bin', 'bun')
put('npm/_npx/8666902f26f2dc1a/node_modules/.bin', 'bun')
put('project/node_modules/.bin', 'bun')
put('bun-node-a7733435c', 'bun')
const binary = put('project/dist', 'manas360')
const folders = (...names: string[]) => names.map((name) => join(root, name)).join(':')
const inFront = ['npm/_npx/8666902f26f2dc1a/node_modules/.bin', 'project/node_modules/.bin', 'bun-node-a7733435c']
const start = { entry: join(root, 'project/src/main.ts'), directory: join(root, 'project') }

describe('the name of the program', () => {
  test.each([
    ['bun, where it is on the PATH', { compiled: false, execPath: bun, path: folders('bin') }, 'bun src/main.ts'],
    [
      'npx, with Node alone: the bun that npx puts in front is gone afterwards',
      { compiled: false, execPath: ofNpx, path: folders(...inFront, 'empty') },
      `npx -y bun@${Bun.version} src/main.ts`,
    ],
    [
      'bun, where npx was used though it is there',
      { compiled: false, execPath: ofNpx, path: folders(...inFront, 'bin') },
      'bun src/main.ts',
    ],
    [
      'the whole path of a bun that is nowhere else',
      { compiled: false, execPath: bun, path: folders(...inFront) },
      `${bun} src/main.ts`,
    ],
    [
      'a binary on the PATH by its name',
      { compiled: true, execPath: binary, path: folders('project/dist') },
      'manas360',
    ],
    ['a binary elsewhere by its way', { compiled: true, execPath: binary, path: '' }, 'dist/manas360'],
  ])('is %s', (_, given, expected) => {
    expect(nameProgram({ ...start, ...given })).toBe(expected)
  })

  test('stands in every text that names a command, and in nothing else', () => {
    const text =
      'Run: manas360 migrate, or manas360 keys rotate. Usage: manas360 <command>. manas360-jobs, manas360 is.'
    expect(nameCommands(text, 'X y')).toBe(
      'Run: X y migrate, or X y keys rotate. Usage: manas360 <command>. manas360-jobs, manas360 is.',
    )
  })

  test('is printed by the program itself', async () => {
    const { err } = await runProgram(['serve'], { NODE_ENV: 'production', JWT_ALGORITHM: 'ES256' }, '', sources)
    expect(err).toContain('src/main.ts keys generate --algorithm ES256 makes them')
    expect(err).not.toContain('manas360 keys')
  })
})

test('every script that runs something of the project installs first', () => {
  const without = Object.entries(manifest.scripts).filter(
    ([, script]) => !script.startsWith('bun install --frozen-lockfile && '),
  )
  expect(without).toEqual([])
})

test.each([
  ['0.0.0.0', '127.0.0.1', 'localhost'],
  ['0', '127.0.0.1', 'localhost'],
  ['::', '[::1]', 'localhost'],
  ['[::]', '[::1]', 'localhost'],
  ['0:0:0:0:0:0:0:0', '[::1]', 'localhost'],
  ['::ffff:0.0.0.0', '127.0.0.1', 'localhost'],
  ['127.0.0.1', '127.0.0.1', 'localhost'],
  ['::1', '[::1]', 'localhost'],
  ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
  ['2001:db8::7', '[2001:db8::7]', '[2001:db8::7]'],
  ['[2001:DB8:0::7]', '[2001:db8::7]', '[2001:db8::7]'],
  ['api.internal', 'api.internal', 'api.internal'],
])('a server that listens on %s is asked at %s and shown as %s', (host, reachable, shown) => {
  expect([toReachableHost(host), toDisplayHost(host)]).toEqual([reachable, shown])
})
