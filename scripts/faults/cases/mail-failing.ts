import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { type Case, withUndo } from '../case.ts'
import { type Behaviour, openMailServer } from '../mail-server.ts'
import { type Scene, underTraffic } from '../under-traffic.ts'
import { until } from '../wait.ts'

const failures: Behaviour[] = ['refuses for now', 'breaks off', 'is silent']

export const mailFailing: Case = {
  name: 'mail-failing',
  about: 'the mail server refuses for now, breaks off after it has read a mail, or says nothing, in turn',
  times: { short: 2, long: 6 },
  run: (stand, options) =>
    withUndo(async (defer) => {
      const mail = await openMailServer()
      defer(mail.close)
      const authority = join(stand.directory, 'mail-authority.pem')
      writeFileSync(authority, mail.certificate)
      return underTraffic(stand, options, {
        environment: { SMTP_URL: mail.url, MAIL_FROM: 'no-reply@manas360.test', NODE_EXTRA_CA_CERTS: authority },
        isInvisible: true,
        async inject({ hold }, time) {
          mail.behave(failures[time % failures.length] ?? 'takes')
          await hold(options.isShort ? 0.7 : 3)
          mail.behave('takes')
          return null
        },
        judge: (scene) => judge(scene, mail.received),
      })
    }),
}

/** Checks that every mail of a committed change arrives at least once, always with the same Message-ID. */
async function judge({ stand: { signal }, databaseUrl }: Scene, received: ReadonlySet<string>): Promise<string[]> {
  const sql = postgres(databaseUrl, { max: 1, transform: postgres.toCamel, onnotice: () => {} })
  try {
    /** Skips the hours of back-off; true once no mail waits. */
    const isEmpty = async (): Promise<boolean> => {
      const waiting = await sql`
        update mail_outbox set due_at = clock_timestamp(), leased_until = null
         where status = 'queued' and (due_at > clock_timestamp() + interval '1 second' or leased_until is not null)`
      const [row] = await sql<{ count: number }[]>`select count(*)::int from mail_outbox where status = 'queued'`
      await Bun.sleep(waiting.count > 0 ? 500 : 100)
      return row?.count === 0
    }
    await until(isEmpty, { seconds: 120, what: 'every mail is sent', signal })
    const rows = await sql<{ messageId: string; status: string }[]>`select message_id, status from mail_outbox`
    const unsent = rows.filter(({ status }) => status !== 'sent')
    const missing = rows.filter(({ messageId }) => !received.has(messageId))
    return [
      ...(unsent.length > 0 ? [`${unsent.length} of ${rows.length} mails were given up`] : []),
      ...(missing.length > 0 ? [`${missing.length} of ${rows.length} mails never arrived`] : []),
    ]
  } finally {
    await sql.end({ timeout: 1 })
  }
}
