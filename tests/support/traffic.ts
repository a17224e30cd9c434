import { goodPassword, newEmail } from './accounts.ts'
import type { SessionJson } from './app.ts'
import { until } from './server-process.ts'

/** What the clients were told. Whatever else happened, this must be true. */
export type Ledger = {
  /** The last refresh token that each acknowledged account was given. */
  acknowledged: Map<string, string>
  /** Registrations without an answer: whole or not at all. */
  unanswered: Set<string>
  /** Refreshes that were asked for again because no answer came. */
  repeated: number
  /** Sessions that a repeated refresh found dead. */
  burnt: string[]
}

type Answer = { status: number; body: SessionJson & { code?: string } }

/** Clients that register and refresh without pause, at whatever address is current, and keep a ledger. */
export function startTraffic(address: () => string, clients: number) {
  const ledger: Ledger = { acknowledged: new Map(), unanswered: new Set(), repeated: 0, burnt: [] }
  const inFlight = { register: 0, refresh: 0 }
  let stopping = false
  const working = Promise.all(Array.from({ length: clients }, live))

  async function live(): Promise<void> {
    while (!stopping) {
      const email = newEmail()
      const answer = await post('register', { email, password: goodPassword })
      if (answer?.status !== 201) {
        ledger.unanswered.add(email)
        await Bun.sleep(20)
        continue
      }
      ledger.acknowledged.set(email, answer.body.refreshToken)
      for (let i = 0; i < 5 && !stopping; i++) await refreshUntilAnswered(email)
    }
  }

  /** The old token is good for 10 s while nobody saw its successor. */
  async function refreshUntilAnswered(email: string): Promise<void> {
    for (;;) {
      const answer = await post('refresh', { refreshToken: ledger.acknowledged.get(email) })
      if (answer?.status === 200) {
        ledger.acknowledged.set(email, answer.body.refreshToken)
        return
      }
      if (answer?.status === 401) {
        ledger.burnt.push(`${email}: ${answer.body.code}`)
        return
      }
      ledger.repeated++
      await Bun.sleep(20)
    }
  }

  /** Null without a whole answer. */
  async function post(path: keyof typeof inFlight, body: unknown): Promise<Answer | null> {
    inFlight[path]++
    try {
      return await ask(address(), path, body)
    } catch {
      return null
    } finally {
      inFlight[path]--
    }
  }

  return {
    ledger,
    /** Resolves in the middle of registrations and refreshes, after some more were acknowledged. */
    async busy(): Promise<void> {
      const enough = ledger.acknowledged.size + clients
      const isBusy = () => ledger.acknowledged.size >= enough && inFlight.register > 0 && inFlight.refresh > 0
      await until(isBusy, 20, 'registrations and refreshes under way')
    },
    async stop(): Promise<Ledger> {
      stopping = true
      await working
      return ledger
    },
  }
}

/** Asks one of the account routes. */
export async function ask(url: string, path: 'register' | 'login' | 'refresh', body: unknown): Promise<Answer> {
  const response = await fetch(`${url}/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}
