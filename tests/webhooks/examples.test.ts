import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { freePort } from '../../scripts/cluster/child.ts'
import { createWebhookSender } from '../../src/webhooks/sender.ts'
import { registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { until } from '../support/server-process.ts'
import { describeWith } from '../support/tools.ts'

const app = await openTestApp()
const { request, deps } = app
const root = await signedIn(app, { role: 'superadmin' })
const examples = join(import.meta.dir, '../../docs/examples')

async function obeys(command: string[], shown: string): Promise<void> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/hooks`
  const json = { url, events: ['account.created', 'account.updated', 'account.erased'] }
  const created = await request('/v1/admin/webhooks', { bearer: root.bearer, json })
  const { id, secret } = await bodyOf<{ id: string; secret: string }>(created)
  const receiver = Bun.spawn(command, {
    env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  afterAll(() => receiver.kill())
  const known = async (): Promise<string[]> =>
    Object.keys((await (await fetch(`http://127.0.0.1:${port}${shown}`)).json()) as object)
  await until(
    () =>
      known().then(
        () => true,
        () => false,
      ),
    20,
    'the receiver listens',
  )
  const forged = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
    'webhook-signature': 'v1,AAAA',
  }
  expect((await fetch(url, { method: 'POST', headers: forged, body: '{}' })).status).toBe(401)
  const sender = createWebhookSender(deps)
  const [person, other] = [await registered(app), await registered(app)]
  await sender.idle()
  expect((await known()).sort()).toEqual([person.id, other.id].sort())
  await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer: root.bearer })
  await sender.idle()
  expect(await known()).toEqual([other.id])
  await sender.stop()
  await request(`/v1/admin/webhooks/${id}`, { method: 'DELETE', bearer: root.bearer })
  receiver.kill()
}

test('the receiver in TypeScript takes what is signed, and forgets whoever was erased', () =>
  obeys([process.execPath, join(examples, 'webhook-receiver.ts')], '/accounts'))

describeWith(['python3'], 'python3')('the receiver in Python', () => {
  test('does the same', () => obeys(['python3', join(examples, 'webhook_receiver.py')], '/'))
})
