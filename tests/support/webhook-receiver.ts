import { afterAll } from 'bun:test'
import { Webhook } from 'standardwebhooks'

export type Received = {
  id: string
  type: string
  timestamp: string
  data: Record<string, unknown>
  headers: Record<string, string>
}

/**
 * A receiver of webhooks on this machine that accepts only what the reference library verifies. `answer` makes the
 * answer to a message, which is recorded before.
 */
export function openReceiver(
  answer: (message: Received) => Response | Promise<Response> = () => new Response(null, { status: 204 }),
) {
  const received: Received[] = []
  const behaviour = { answer, secrets: [] as string[], unverified: 0 }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const text = await request.text()
      const headers = Object.fromEntries(request.headers)
      const verified = behaviour.secrets.some((secret) => verifies(secret, text, headers))
      if (!verified) {
        behaviour.unverified++
        return new Response('not signed by whom I know', { status: 401 })
      }
      const message = { ...JSON.parse(text), id: headers['webhook-id'], headers } as Received
      received.push(message)
      return behaviour.answer(message)
    },
  })
  afterAll(() => server.stop(true))
  return {
    url: `http://127.0.0.1:${server.port}/hooks`,
    port: server.port,
    behaviour,
    received,
    /** Messages about an account, oldest first. */
    about: (accountId: string): Received[] => received.filter(({ data }) => data.accountId === accountId),
  }
}

function verifies(secret: string, text: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(text, headers)
    return true
  } catch {
    return false
  }
}
