import { type Answer, call, describeFailure, type Request } from './call.ts'
import { countError, type Ledger, openLedger, type Person, type Write } from './ledger.ts'

export type Clients = ReturnType<typeof startClients>

type Options = {
  /** The present address of the server. */
  address: () => string
  clients: number
  /** The administrator who assigns roles; absent: nobody does. */
  administrator?: { email: string; password: string }
  /** Headers of each request. */
  headers?: (() => Record<string, string>) | undefined
  /** Rest of a client between two writes, so that clients do not fill the machine; 0 by default. */
  restMs?: number
}

type About = Pick<Write, 'what' | 'action' | 'email' | 'value'>
type Session = { user: { id: string }; accessToken: string; refreshToken: string }

/** How long an old refresh token is accepted, in milliseconds; a little less, because the clock is the database's. */
const honouredMs = 9_000
const pauseMs = 25

/** The rest of clients whose writes are to meet a fault, not to measure it. */
export const shortRestMs = 40

export const password = 'seven quiet herons at dawn'

/**
 * Clients that register, and then change their profile, refresh, make an API key and start a trial, one after the
 * other, while an administrator assigns roles; all record their writes in one ledger. Writes without an acknowledgement
 * are repeated, as HTTP allows: under an Idempotency-Key, or as a new write.
 */
export function startClients({ address, clients, administrator, headers = () => ({}), restMs = 0 }: Options) {
  const ledger = openLedger()
  const finished: Person[] = []
  const inFlight = { writes: 0, refreshes: 0 }
  let ending: 'when decided' | 'now' | null = null

  async function send(path: string, request: Request): Promise<Answer | null> {
    const startedAt = performance.now()
    const answer = await call(address(), path, { ...request, headers: { ...headers(), ...request.headers } })
    ledger.slowestMs = Math.max(ledger.slowestMs, performance.now() - startedAt)
    if (typeof answer !== 'string' && answer.status < 300) return answer
    countError(ledger, describeFailure(answer))
    return typeof answer === 'string' ? null : answer
  }

  /** Sends a write once. */
  async function write(about: About, path: string, request: Request): Promise<Answer | null> {
    return attempt(enter(about), path, request)
  }

  /** Sends a write until it is acknowledged; its repeats change nothing more. */
  async function writeUntilDone(about: About, path: string, request: () => Promise<Request>): Promise<void> {
    const entry = enter(about)
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    while (!entry.acknowledged && ending !== 'now') {
      if (entry.requestIds.length > 0) ledger.repeated++
      await attempt(entry, path, { ...(await request()), headers })
    }
  }

  function enter(about: About): Write {
    const entry: Write = { ...about, requestIds: [], acknowledged: false }
    ledger.writes.push(entry)
    return entry
  }

  async function attempt(entry: Write, path: string, request: Request): Promise<Answer | null> {
    const requestId = crypto.randomUUID()
    entry.requestIds.push(requestId)
    inFlight.writes++
    const answer = await send(path, { ...request, headers: { 'X-Request-Id': requestId, ...request.headers } })
    inFlight.writes--
    entry.acknowledged = answer !== null && answer.status < 300
    if (entry.acknowledged) return answer
    await Bun.sleep(pauseMs)
    return null
  }

  async function register(): Promise<Person | null> {
    const email = `${crypto.randomUUID()}@people.test`
    const about = { what: 'registration', action: 'account.create', email, value: email } as const
    const answer = await write(about, '/v1/auth/register', { json: { email, password } })
    if (!answer) return null
    const { user, accessToken, refreshToken } = answer.body as Session
    const person = { id: user.id, email, accessToken, refreshToken }
    ledger.people.push(person)
    return person
  }

  /** A repeat is a write of its own, with another name: the same name again would change nothing. */
  async function changeProfile({ email, accessToken: bearer }: Person): Promise<void> {
    for (let done: Answer | null = null; !done && ending !== 'now'; ) {
      const value = `Name ${crypto.randomUUID()}`
      const about = { what: 'profile', action: 'profile.update', email, value } as const
      done = await write(about, '/v1/me', { method: 'PATCH', bearer, json: { firstName: value } })
    }
  }

  async function makeApiKey({ email, accessToken: bearer }: Person): Promise<void> {
    const value = `Key ${crypto.randomUUID()}`
    const about = { what: 'API key', action: 'api_key.create', email, value } as const
    await writeUntilDone(about, '/v1/api-keys', async () => ({ bearer, json: { name: value } }))
  }

  async function startTrial({ email, accessToken: bearer }: Person): Promise<void> {
    const about = { what: 'trial', action: 'subscription.start_trial', email, value: 'starter' } as const
    const json = { plan: 'starter', interval: 'month' }
    await writeUntilDone(about, '/v1/subscription', async () => ({ bearer, json }))
  }

  /** The old token is valid for 10 s while its successor is unused. */
  async function refresh(person: Person): Promise<void> {
    const startedAt = performance.now()
    while (ending !== 'now') {
      inFlight.refreshes++
      const answer = await send('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })
      inFlight.refreshes--
      if (answer?.status === 200) {
        ledger.refreshes++
        Object.assign(person, toTokens(answer.body as Session))
        return
      }
      if (answer?.status === 401) {
        ledger.people.splice(ledger.people.indexOf(person), 1)
        if (performance.now() - startedAt < honouredMs) ledger.burnt.push(`${person.email}: ${answer.code}`)
        return
      }
      ledger.repeated++
      await Bun.sleep(pauseMs)
    }
  }

  async function live(): Promise<void> {
    while (!ending) {
      const person = await register()
      if (!person) continue
      for (const step of [changeProfile, refresh, makeApiKey, refresh, startTrial, changeProfile, refresh]) {
        await step(person)
        if (ending) return
        await Bun.sleep(restMs)
      }
      finished.push(person)
    }
  }

  /** Assigns the role of guests to people who have done everything else. */
  async function administer(credentials: { email: string; password: string }): Promise<void> {
    let bearer = ''
    let loggedInAt = 0
    /** Logs in again before the sign-in is too old for administration. */
    const request = async (): Promise<Request> => {
      while (ending !== 'now' && (bearer === '' || performance.now() - loggedInAt > 240_000)) {
        bearer = await logIn(credentials)
        loggedInAt = performance.now()
      }
      return { method: 'PUT', bearer, json: { role: 'guest' } }
    }
    while (!ending) {
      const person = finished.shift()
      if (!person) {
        await Bun.sleep(pauseMs)
        continue
      }
      const about = { what: 'role', action: 'account.change_role', email: person.email, value: 'guest' } as const
      await writeUntilDone(about, `/v1/admin/users/${person.id}/role`, request)
    }
  }

  async function logIn(json: { email: string; password: string }): Promise<string> {
    const answer = await send('/v1/auth/login', { json })
    if (answer?.status === 200) return (answer.body as Session).accessToken
    await Bun.sleep(pauseMs)
    return ''
  }

  const working = Promise.all([
    ...Array.from({ length: clients }, live),
    ...(administrator ? [administer(administrator)] : []),
  ])
  return {
    ledger,
    inFlight: (): Readonly<typeof inFlight> => inFlight,
    /** Waits until all writes in progress are acknowledged. */
    async stop(): Promise<Ledger> {
      ending ??= 'when decided'
      await working
      return ledger
    },
    /** Stops without waiting for acknowledgements. */
    async abandon(): Promise<void> {
      ending = 'now'
      await working
    },
  }
}

function toTokens({ accessToken, refreshToken }: Session): Pick<Person, 'accessToken' | 'refreshToken'> {
  return { accessToken, refreshToken }
}
