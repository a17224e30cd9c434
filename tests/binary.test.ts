import { expect, test } from 'bun:test'
import { dirname } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { CreationOptions, RequestOptions } from '../src/passkeys/schemas.ts'
import { goodPassword, newEmail } from './support/accounts.ts'
import { patience, type SessionJson, testSecrets } from './support/app.ts'
import { createDatabase } from './support/cluster.ts'
import { compiledProgram } from './support/compiled.ts'
import { startServerProcess } from './support/server-process.ts'
import { SoftPasskey } from './support/soft-passkey.ts'

const binary = await compiledProgram()
const directory = dirname(binary)

test('errors have the names of their classes in the log of the compiled program', async () => {
  const child = Bun.spawn([binary, 'serve'], {
    cwd: directory,
    env: {
      NODE_ENV: 'production',
      ...testSecrets,
      ...patience,
      MAIL: 'off',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/m',
      PUBLIC_URL: 'https://a.test',
      PORT: '0',
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
})

test('the compiled program names itself as it was started', async () => {
  const child = Bun.spawn([binary, 'serve'], {
    cwd: directory,
    env: { NODE_ENV: 'production', JWT_ALGORITHM: 'ES256' },
    stderr: 'pipe',
  })
  expect(await new Response(child.stderr).text()).toContain('./manas360 keys generate --algorithm ES256')
})

test('the compiled program has the hosted pages and the console in it, with all that they load', async () => {
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
    // The console's were made when the program was: nothing is bundled where it runs.
    const console = await (await fetch(`${server.url}/console/people`)).text()
    const script = /src="\.\.\/(console\/assets\/console-\w+\.js)"/.exec(console)?.[1]
    const plain = await (await fetch(`${server.url}/${script}`)).text()
    expect(plain).toContain('import')
    for (const accepted of ['br', 'gzip', 'identity'] as const) {
      const headers = { 'Accept-Encoding': accepted }
      const answer = await fetch(`${server.url}/${script}`, { headers, decompress: false })
      expect(answer.headers.get('content-encoding') ?? 'identity').toBe(accepted)
      const bytes = Buffer.from(await answer.arrayBuffer())
      const decoded = { br: brotliDecompressSync, gzip: gunzipSync, identity: (raw: Buffer) => raw }[accepted](bytes)
      expect(decoded.toString()).toBe(plain)
    }
  } finally {
    await server.kill()
    await database.drop()
  }
})

test('the compiled program judges passkeys, with post-quantum keys too: what that needs is loaded when it is asked for', async () => {
  const database = await createDatabase()
  const origin = 'https://app.manas360.test'
  const server = await startServerProcess(database.url, { RP_ID: 'manas360.test', RP_ORIGINS: origin }, [binary])
  const post = async <T>(path: string, json?: object, bearer?: string) => {
    const headers = {
      ...(json && { 'Content-Type': 'application/json' }),
      ...(bearer && { Authorization: `Bearer ${bearer}` }),
    }
    const answer = await fetch(server.url + path, {
      method: 'POST',
      headers,
      ...(json && { body: JSON.stringify(json) }),
    })
    expect([path, answer.ok]).toEqual([path, true])
    return (await answer.json()) as T
  }
  try {
    const person = await post<SessionJson>('/v1/auth/register', { email: newEmail(), password: goodPassword })
    const passkey = new SoftPasskey({ origin, algorithm: 'ML-DSA-44' })
    const creation = await post<CreationOptions>('/v1/me/passkeys/options', undefined, person.accessToken)
    const made = { challengeToken: creation.challengeToken, response: passkey.create(creation.options), name: 'Phone' }
    await post('/v1/me/passkeys', made, person.accessToken)
    const { challengeToken, options } = await post<RequestOptions>('/v1/auth/passkey/options')
    const session = await post<SessionJson>('/v1/auth/passkey', { challengeToken, response: passkey.get(options) })
    expect(session.user.id).toBe(person.user.id)
  } finally {
    await server.kill()
    await database.drop()
  }
})
