import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { rehearseBackup } from '../scripts/drill/backup.ts'
import { rehearseRotation } from '../scripts/drill/rotation.ts'
import { openStand } from '../scripts/faults/stand.ts'
import { compiledProgram } from './support/compiled.ts'
import { describeWith } from './support/tools.ts'

setDefaultTimeout(600_000)

const stand = await openStand({ program: [await compiledProgram()], signal: new AbortController().signal })
afterAll(stand.close)
const said: string[] = []
const say = (line: string): void => void said.push(line)

test('a database that is lost is restored to a moment: all that was acknowledged until then, and nobody who was erased', async () => {
  expect(await rehearseBackup(stand, say)).toEqual([])
})

describeWith(['haproxy'], 'haproxy')('with haproxy', () => {
  test('every secret is rotated under traffic: no request is refused, fails or breaks off', async () => {
    expect(await rehearseRotation(stand, say)).toEqual([])
  })
})

test.each([
  ['scripts/drill.ts', ['--only', 'nonsense']],
  ['scripts/faults.ts', ['--case', 'nonsense']],
  ['scripts/faults.ts', ['--times', '0']],
  ['scripts/faults.ts', ['--nonsense']],
])('%s refuses %j, and starts nothing', (program, options) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([
    process.execPath,
    join(import.meta.dir, '..', program),
    ...options,
  ])
  expect([exitCode, stdout.toString(), stderr.toString() !== '']).toEqual([64, '', true])
})
