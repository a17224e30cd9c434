import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** The treatment of a message: a 500, no answer, a closed connection, or acceptance. */
export type Behaviour = 'answers 500' | 'is silent' | 'closes' | 'takes'

/**
 * A receiver of webhooks on this machine that records all messages, verifies them with the reference library, and can
 * fail.
 */
export async function openWebhookReceiver() {
  /** The text of each message, accepted or not, by webhook-id. */
  const received = new Map<string, string>()
  /** Messages that were accepted with 204. */
  const taken = new Set<string>()
  const faults: string[] = []
  let behaviour: Behaviour = 'takes'
  let secret = ''
  let seen = 0

  function enter(text: string, headers: Record<string, string>): void {
    seen++
    const id = headers['webhook-id'] ?? ''
    try {
      new Webhook(secret).verify(text, headers)
    } catch (error) {
      faults.push(`${id} is not signed: ${error}`)
    }
    const before = received.get(id)
    if (before !== undefined && before !== text) faults.push(`${id} came twice, and was another message then`)
    received.set(id, text)
  }

  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      text += piece
    })
    request.on('end', () => {
      const headers = request.headers as Record<string, string>
      enter(text, headers)
      if (behaviour === 'takes') taken.add(headers['webhook-id'] ?? '')
      if (behaviour === 'closes') request.socket.destroy()
      else if (behaviour !== 'is silent') response.writeHead(behaviour === 'takes' ? 204 : 500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received: received as ReadonlyMap<string, string>,
    taken: taken as ReadonlySet<string>,
    faults: faults as readonly string[],
    /** The number of whole requests so far. */
    seen: () => seen,
    behave(as: Behaviour): void {
      behaviour = as
    },
    knows(itsSecret: string): void {
      secret = itsSecret
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
