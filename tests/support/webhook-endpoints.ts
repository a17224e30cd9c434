import { createNotifier } from '../../src/async/notifier.ts'
import { createWebhookSender } from '../../src/webhooks/sender.ts'
import { bodyOf, type TestApp } from './app.ts'
import { openReceiver, type Received } from './webhook-receiver.ts'

export type Delivery = {
  id: string
  status: string
  attempts: number
  responseStatus: number | null
  responseBody: string | null
  lastError: string | null
  messageId: string
}

/** Endpoints of the operators on this machine, and senders that deliver to them. */
export function webhookEndpoints({ request, sql, deps }: TestApp, bearer: string) {
  return {
    /** Has no notifier: senders of one app would claim each other's work. */
    openSender: (options: Parameters<typeof createWebhookSender>[1] = {}, own: Partial<TestApp['deps']> = {}) =>
      createWebhookSender(
        { ...deps, ...own, webhookWork: createNotifier() },
        { attemptMs: 60_000, pauseSeconds: 0, ...options },
      ),

    /** An endpoint with a receiver of its own. */
    async givenEndpoint(answer?: (message: Received) => Response | Promise<Response>, events = ['role.changed']) {
      const receiver = openReceiver(answer)
      const created = await request('/v1/admin/webhooks', { bearer, json: { url: receiver.url, events } })
      const { id, secret } = await bodyOf<{ id: string; secret: string }>(created)
      receiver.behaviour.secrets.push(secret)
      const path = `/v1/admin/webhooks/${id}`
      return {
        id,
        path,
        receiver,
        change: (json: object) => request(path, { method: 'PATCH', bearer, json }),
        queueTest: async () => bodyOf<Delivery>(await request(`${path}/test`, { method: 'POST', bearer })),
        read: async () =>
          bodyOf<{ enabled: boolean; disabledReason: string | null; failingSince: string | null }>(
            await request(path, { bearer }),
          ),
        deliveries: async () =>
          (await bodyOf<{ items: Delivery[] }>(await request(`${path}/deliveries`, { bearer }))).items,
        remove: () => request(path, { method: 'DELETE', bearer }),
      }
    },

    makeDue: (endpointId: string) =>
      sql`update webhook_deliveries set due_at = clock_timestamp() where endpoint_id = ${endpointId} and status = 'queued'`,
  }
}
