import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { describeWithRegistry } from '../support/tools.ts'

const deploy = join(import.meta.dir, '../../deploy')

/** Packages of their own, whose tests run in them: `bun run test` in the folder does the same. */
describeWithRegistry('what deploys to clouds', () => {
  test.each(['aws', 'kubernetes'])(
    'deploy/%s holds what its own tests say',
    async (folder) => {
      for (const script of ['check', 'test']) {
        const child = Bun.spawn([process.execPath, 'run', script], {
          cwd: join(deploy, folder),
          env: { ...process.env, CDK_VALIDATION: 'false' },
          stdout: 'pipe',
          stderr: 'pipe',
        })
        const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
        if ((await child.exited) !== 0) throw new Error(`deploy/${folder}: ${script}\n${said.join('\n')}`)
      }
      expect(await Bun.file(join(deploy, folder, 'bun.lock')).exists()).toBe(true)
    },
    600_000,
  )
})
