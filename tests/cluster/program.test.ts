import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { untilSaid } from '../../scripts/cluster/child.ts'
import { createDatabase } from '../support/cluster.ts'
import { programs } from '../support/instances.ts'
import { describeWith } from '../support/tools.ts'

const program = [process.execPath, join(import.meta.dir, '../../scripts/cluster.ts')]

test('--help says what it does, and starts nothing', () => {
  const { exitCode, stdout } = Bun.spawnSync([...program, '--help'])
  expect(exitCode).toBe(0)
  expect(stdout.toString()).toContain('--instances N')
})

test('a wrong option is refused, and nothing is started', () => {
  for (const wrong of [['--instances', 'many'], ['--algorithm', 'none'], ['--nonsense']]) {
    const { exitCode, stderr } = Bun.spawnSync([...program, ...wrong])
    expect([exitCode === 0, stderr.toString()]).toEqual([false, expect.stringContaining(wrong[0] ?? '')])
  }
})

describeWith(...programs)('started', () => {
  test('it serves until it is interrupted, and leaves nothing behind', async () => {
    const database = await createDatabase()
    const child = Bun.spawn([...program, '--instances', '2', '--database', database.url, '--env', 'LOG_LEVEL=warn'], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const said = await untilSaid(
      child.stdout,
      /clients +(\S+)[\s\S]*instances +(\S+) +(\S+)[\s\S]*logs +(\S+)[\s\S]*stop +Ctrl-C/,
    )
    const [, url, first, second, directory = ''] = said
    for (const address of [url, first, second]) expect((await fetch(`${address}/ready`)).status).toBe(200)
    expect(existsSync(directory)).toBeTrue()
    child.kill('SIGINT')
    expect(await child.exited).toBe(0)
    for (const address of [url, first, second]) expect(fetch(`${address}/ready`)).rejects.toThrow()
    expect(existsSync(directory)).toBeFalse()
    await database.drop()
  })
})
