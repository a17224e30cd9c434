import type { Sql } from 'postgres'
import type { Figure } from './report.ts'

const events = ['account.created', 'account.updated', 'account.erased', 'subscription.changed', 'payment.succeeded']
const patienceMs = 30_000

/** A receiver of webhooks that accepts all messages and stores none. */
export function openWebhookSink() {
  let taken = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      await request.arrayBuffer()
      taken++
      return new Response(null, { status: 204 })
    },
  })
  return {
    /** Subscribes to the operators' events, as an administrator. */
    async subscribe(port: number, bearer: string): Promise<void> {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/admin/webhooks`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: `http://127.0.0.1:${server.port}/hooks`, events }),
      })
      if (answer.status !== 201) throw new Error(`no endpoint: ${answer.status} ${await answer.text()}`)
    },
    /** Waits until no delivery is pending, with a timeout. */
    async figure(sql: Sql): Promise<Figure> {
      const endsAt = performance.now() + patienceMs
      let left = await countLeft(sql)
      while (left > 0 && performance.now() < endsAt) {
        await Bun.sleep(200)
        left = await countLeft(sql)
      }
      return {
        what: 'events that a receiver took; not taken',
        figure: `${taken}; ${left}`,
        goal: '0 not taken',
        met: left === 0,
      }
    },
    close: () => server.stop(true),
  }
}

async function countLeft(sql: Sql): Promise<number> {
  const [row] = await sql<{ left: number }[]>`
    select count(*)::int as left from webhook_deliveries where status <> 'delivered'`
  return row?.left ?? 0
}
