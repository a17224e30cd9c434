import postgres from 'postgres'
import { call } from '../call.ts'
import { type Case, withUndo } from '../case.ts'
import { type Scene, underTraffic } from '../under-traffic.ts'
import { until } from '../wait.ts'
import { type Behaviour, openWebhookReceiver } from '../webhook-receiver.ts'

const failures: Behaviour[] = ['answers 500', 'is silent', 'closes', 'takes']
const events = ['account.created', 'account.updated', 'role.changed', 'subscription.changed', 'api_key.created']

type Receiver = Awaited<ReturnType<typeof openWebhookReceiver>>

export const receiversFailing: Case = {
  name: 'receivers-failing',
  about:
    'a receiver of webhooks answers 500, hangs, closes or takes them, in turn, while the server is killed (-9) as it delivers',
  times: { short: 3, long: 30 },
  run: (stand, options) =>
    withUndo(async (defer) => {
      const receiver = await openWebhookReceiver()
      defer(receiver.close)
      return underTraffic(stand, options, {
        stopsServer: true,
        async inject(scene, time) {
          if (time === 0) await addEndpoint(scene, receiver)
          const behaviour = failures[time % failures.length] ?? 'takes'
          receiver.behave(behaviour)
          await delivers(scene, receiver, 'a message is on its way')
          if (behaviour !== 'is silent') {
            await isWritten(scene)
            await delivers(scene, receiver, 'another is on its way')
          }
          await scene.server().kill()
          // Before the next server begins: an unanswered attempt occupies the endpoint for its whole timeout.
          receiver.behave('takes')
          await scene.restartServer()
          await delivers(scene, receiver, 'a message arrives again')
          return null
        },
        judge: (scene) => judge(scene, receiver),
      })
    }),
}

/** Makes an endpoint of the operators, as the stand's administrator. */
async function addEndpoint({ stand: { administrator }, server }: Scene, receiver: Receiver): Promise<void> {
  const { url } = server()
  const session = await call(url, '/v1/auth/login', { json: administrator })
  const bearer = typeof session === 'string' ? '' : (session.body as { accessToken: string }).accessToken
  const made = await call(url, '/v1/admin/webhooks', { bearer, json: { url: receiver.url, events } })
  if (typeof made === 'string' || made.status !== 201) throw new Error(`no endpoint: ${JSON.stringify(made)}`)
  receiver.knows((made.body as { secret: string }).secret)
}

/**
 * Resolves once another message has arrived. The waits of failed deliveries, and leases of killed servers, are ended.
 */
async function delivers(scene: Scene, receiver: Receiver, what: string): Promise<void> {
  const before = receiver.seen()
  await hurried(scene, async (hurry) => {
    const hasCome = async () => {
      if (receiver.seen() > before) return true
      await hurry()
      await Bun.sleep(20)
      return false
    }
    await until(hasCome, { seconds: 60, what, signal: scene.stand.signal })
  })
}

/** Resolves once the outcome of an attempt is stored: one that has begun may be the next. */
async function isWritten(scene: Scene): Promise<void> {
  await hurried(scene, async (hurry, sql) => {
    const count = async () => {
      const [row] = await sql<
        { count: number }[]
      >`select coalesce(sum(attempts), 0)::int as count from webhook_deliveries`
      return row?.count ?? 0
    }
    const before = await count()
    const hasGrown = async () => {
      await hurry()
      return (await count()) > before
    }
    await until(hasGrown, { seconds: 60, what: 'an attempt is written down', signal: scene.stand.signal })
  })
}

/** Checks that every written event arrives at least once, always under its one webhook-id and unchanged. */
async function judge(scene: Scene, receiver: Receiver): Promise<string[]> {
  receiver.behave('takes')
  return hurried(scene, async (hurry, sql) => {
    const isEmpty = async (): Promise<boolean> => {
      await hurry()
      await Bun.sleep(100)
      const [row] = await sql<{ count: number }[]>`select count(*)::int from webhook_deliveries where status = 'queued'`
      return row?.count === 0
    }
    await until(isEmpty, { seconds: 120, what: 'every event is delivered', signal: scene.stand.signal })
    const written = await sql<{ id: string; body: string; status: string }[]>`
      select 'msg_' || m.id as id, m.body, d.status from webhook_messages m join webhook_deliveries d on d.message_id = m.id`
    const [counted] = await sql<{ accounts: number }[]>`
      select count(*)::int as accounts from user_accounts a
       where not exists (select from webhook_messages m where m.account_id = a.id and m.type = 'account.created')
         and a.created_at > (select min(created_at) from webhook_messages where type = 'account.created')`
    const known = new Set(written.map(({ id }) => id))
    const told = (count: number, what: string) => (count > 0 ? [`${count} of ${written.length} events ${what}`] : [])
    return [
      ...receiver.faults,
      ...told(written.filter(({ status }) => status !== 'delivered').length, 'were given up'),
      ...told(written.filter(({ id }) => !receiver.taken.has(id)).length, 'were never taken'),
      ...told(written.filter(({ id, body }) => receiver.received.get(id) !== body).length, 'arrived otherwise'),
      ...told(
        [...receiver.received.keys()].filter((id) => !known.has(id)).length,
        'arrived of changes that are not there',
      ),
      ...told(counted?.accounts ?? 0, 'about accounts whose beginning was not told'),
      ...(written.length === 0 ? ['nothing was written'] : []),
    ]
  })
}

/** @param work gets a function that ends the waits of deliveries, and leases of killed servers */
async function hurried<T>(
  { databaseUrl }: Scene,
  work: (hurry: () => Promise<unknown>, sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(databaseUrl, { max: 1, transform: postgres.toCamel, onnotice: () => {} })
  try {
    return await work(
      () => sql`
        with due as (
          update webhook_deliveries set due_at = clock_timestamp() where status = 'queued' and due_at > clock_timestamp()),
        freed as (
          update webhook_endpoints set leased_until = null, last_attempt_at = null where leased_until is not null or failing_since is not null)
        select pg_notify('webhook_deliveries', '')`,
      sql,
    )
  } finally {
    await sql.end({ timeout: 1 })
  }
}
