/**
 * Takes webhooks of MANAS360, believes only what is signed, and forgets people who were erased.
 *
 *   bun add hono standardwebhooks
 *   WEBHOOK_SECRET=whsec_… PORT=4001 bun webhook-receiver.ts
 */
import { Hono } from 'hono'
import { Webhook } from 'standardwebhooks'

type Event = { type: string; timestamp: string; data: { accountId?: string; version?: number } }

const webhook = new Webhook(process.env.WEBHOOK_SECRET ?? '')
/** In place of your tables: what is known of each account. */
const accounts = new Map<string, { version: number; data: object }>()
/** Who was erased: an event of before that comes late must not bring them back. Keep the ids for 30 days, too. */
const erased = new Set<string>()
/** Ids of messages that were carried out; keep them as long as deliveries may be repeated: 30 days. */
const done = new Set<string>()

const app = new Hono()
  .post('/hooks', async (c) => {
    const body = await c.req.text()
    let event: Event
    try {
      event = webhook.verify(body, c.req.header()) as Event
    } catch {
      return c.text('not signed with my secret', 401)
    }
    const id = c.req.header('webhook-id') ?? ''
    // At least once means sometimes twice.
    if (!done.has(id)) carryOut(event)
    done.add(id)
    return c.body(null, 204)
  })
  .get('/accounts', (c) => c.json(Object.fromEntries(accounts)))

function carryOut({ type, data: { accountId, version = 0, ...data } }: Event): void {
  if (!accountId || erased.has(accountId)) return
  if (type === 'account.erased') {
    erased.add(accountId)
    accounts.delete(accountId)
    return
  }
  // Events of an account may arrive in another order: what is older than what is known says nothing new.
  if (type.startsWith('account.') && version >= (accounts.get(accountId)?.version ?? 0))
    accounts.set(accountId, { version, data })
}

Bun.serve({ port: Number(process.env.PORT ?? 4001), fetch: app.fetch })
