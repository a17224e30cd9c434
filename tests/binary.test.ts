import { expect, test } from 'bun:test'
import { dirname } from 'node:path'
import { testSecrets } from './support/app.ts'
import { createDatabase } from './support/cluster.ts'
import { compiledProgram } from './support/compiled.ts'
import { startServerProcess } from './support/server-process.ts'

const binary = await compiledProgram()
const directory = dirname(binary)

test('errors have the names of their classes in the log of the compiled program', async () => {
  const child = Bun.spawn([binary, 'serve'], {
    cwd: directory,
    env: {
      NODE_ENV: 'production',
      ...testSecrets,
      MAIL: 'off',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/m',
      PUBLIC_URL: 'https://a.test',
    },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let text = ''
  for await (const chunk of child.stdout) {
    text += new TextDecoder().decode(chunk)
    if (text.includes('trying again')) break
  }
  child.kill('SIGKILL')
  await child.exited
  const line = text.split('\n').find((one) => one.includes('trying again')) ?? ''
  expect(JSON.parse(line)).toMatchObject({ err: { type: 'AppError' } })
}, 30_000)

test('the compiled program names itself as it was started', async () => {
  const child = Bun.spawn([binary, 'serve'], {
    cwd: directory,
    env: { NODE_ENV: 'production', JWT_ALGORITHM: 'ES256' },
    stderr: 'pipe',
  })
  expect(await new Response(child.stderr).text()).toContain('./manas360 keys generate --algorithm ES256')
})

test('the compiled program has the hosted pages, their script and their style in it', async () => {
  const database = await createDatabase()
  const server = await startServerProcess(database.url, { BRAND_NAME: 'Sukoon' }, [binary])
  try {
    const page = await fetch(`${server.url}/account/reset-password`)
    expect(page.status).toBe(200)
    const html = await page.text()
    expect(html).toContain('<title>Choose a new password – Sukoon</title>')
    const assets = [...html.matchAll(/"(assets\/[^"]+)"/g)].map(([, path = '']) => `${server.url}/account/${path}`)
    expect(assets).toHaveLength(2)
    for (const asset of assets) {
      const answer = await fetch(asset)
      expect(answer.headers.get('cache-control')).toContain('immutable')
      expect((await answer.text()).length).toBeGreaterThan(1_000)
    }
  } finally {
    await server.kill()
    await database.drop()
  }
})
