import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp, testSecrets } from '../support/app.ts'
import { openSender, queueReset } from '../support/mail.ts'
import { until } from '../support/server-process.ts'
import { openSmtpServer } from '../support/smtp-server.ts'

const app = await openTestApp()
const { sql } = app
const kills = 20
const perRound = 4

/** A sender that is killed (-9) when the server was asked about a mail for the n-th time: at its recipient, or with all of it read. */
async function sendUntilKilled(smtp: Awaited<ReturnType<typeof openSmtpServer>>, nth: number): Promise<void> {
  const child = Bun.spawn([process.execPath, '--no-env-file', join(import.meta.dir, 'sender-child.ts')], {
    env: {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: app.databaseUrl,
      SMTP_URL: smtp.url,
      DATA_KEY: testSecrets.DATA_KEY,
    },
    stdout: 'inherit',
    stderr: 'inherit',
  })
  let asked = 0
  smtp.behaviour.answer = () => {
    asked++
    if (asked === nth) child.kill('SIGKILL')
    return undefined
  }
  await child.exited
  expect(child.signalCode).toBe('SIGKILL')
}

test(`over ${kills} senders that are killed (-9) no mail is lost, and repeats carry the same Message-ID`, async () => {
  const smtp = await openSmtpServer()
  const { id } = await givenAccount(app)
  const addresses: string[] = []
  for (let round = 0; round < kills; round++) {
    for (let i = 0; i < perRound; i++) {
      const email = `${round}.${i}.${id}@people.test`
      addresses.push(email)
      await queueReset(app, { id, email, password: '' })
    }
    await sendUntilKilled(smtp, 1 + (round % (2 * perRound - 1)))
    // As if a minute had passed: what the dead one was sending is anybody's, and nothing that it put off waits any longer.
    await sql`update mail_outbox set leased_until = null, due_at = clock_timestamp() where account_id = ${id} and status = 'queued'`
  }
  smtp.behaviour.answer = () => undefined
  const sender = openSender(app, { url: smtp.url })
  sender.poll()
  const stillQueued = async () => {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int as count from mail_outbox where account_id = ${id} and status <> 'sent'`
    return row?.count ?? 0
  }
  await until(async () => (await stillQueued()) === 0, 30, 'all of them are sent')
  const written = await sql<{ messageId: string }[]>`select message_id from mail_outbox where account_id = ${id}`
  const ids = new Map(addresses.map((to) => [to, new Set(smtp.receivedBy(to).map(({ messageId }) => messageId))]))
  expect([...ids].filter(([, seen]) => seen.size !== 1)).toEqual([])
  expect([...ids.values()].flatMap((seen) => [...seen]).sort()).toEqual(
    written.map(({ messageId }) => messageId).sort(),
  )
  await sender.stop(1_000)
})
