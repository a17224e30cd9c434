import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guards } from '../../scripts/guards/list.ts'
import { openScratch, takenAway } from '../../scripts/guards/scratch.ts'

const root = join(import.meta.dir, '..', '..')

test('every guard stands where the list says, once, and has tests that exist', () => {
  expect(guards.length).toBeGreaterThan(90)
  expect(new Set(guards.map(({ name }) => name)).size).toBe(guards.length)
  for (const guard of guards) {
    expect(takenAway(readFileSync(join(root, guard.file), 'utf8'), guard)).not.toBe('')
    for (const file of guard.tests)
      expect([guard.name, file, existsSync(join(root, 'tests', `${file}.test.ts`))]).toEqual([guard.name, file, true])
  }
})

/** The least that must notice, with a test of each that costs little; all of them: `bun run mutate`. */
const short: Record<string, [test: string, only?: string]> = {
  'the algorithm is pinned': ['auth/token-forgeries', 'alg'],
  'the type of a token': ['auth/token-forgeries', 'typ'],
  'the audience': ['auth/token-forgeries', 'aud'],
  'a refresh token is good once: the guarded update': ['auth/refresh', 'is reuse'],
  'the level check: nobody acts on who is above': ['admin/users/escalation', 'cannot lock'],
  'proxy trust: a peer that is none of our proxies': ['addresses/client-ip'],
  'the dummy hash: an unknown address costs what a known one does': ['auth/passwords', 'the work of a real one'],
}

describe('tests fail without', () => {
  const directory = join(tmpdir(), `guards-${crypto.randomUUID()}`)
  let scratch: ReturnType<typeof openScratch> | undefined
  afterAll(() => scratch?.remove())

  for (const [name, [file, only]] of Object.entries(short))
    test(name, async () => {
      const guard = guards.find((one) => one.name === name)
      if (!guard) throw new Error(`${name} is not in the list`)
      scratch ??= openScratch(directory)
      const { failed } = await scratch.without({ ...guard, tests: [file], only })
      expect(failed).not.toBeEmpty()
    })
})
