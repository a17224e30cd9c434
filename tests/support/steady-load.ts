import { goodPassword, newEmail } from './accounts.ts'
import { bodyOf, type SessionJson } from './app.ts'
import { ask } from './instances.ts'

/** Answers by status and code, and failed requests by cause. */
export type Answers = Record<string, number>

/**
 * Signed-in people who send requests with only the given pause, each over a kept-alive connection: the gated route, and
 * sometimes a refresh.
 */
export async function startSteadyLoad(url: string, { people, pauseMs }: { people: number; pauseMs: number }) {
  const answers: Answers = {}
  const json = () => ({ email: newEmail(), password: goodPassword })
  const sessions = await Promise.all(
    Array.from({ length: people }, async () =>
      bodyOf<SessionJson>(await ask(url, '/v1/auth/register', { json: json() })),
    ),
  )
  let stopping = false
  const working = Promise.all(sessions.map((_, person) => live(person)))

  async function live(person: number): Promise<void> {
    for (let round = person; !stopping; round++) {
      if (round % 25 === 0) await refresh(person)
      else {
        const { accessToken: bearer } = sessions[person] as SessionJson
        await count(() => ask(url, '/v1/entitlements/api_access', { bearer }))
      }
      await Bun.sleep(pauseMs)
    }
  }

  async function refresh(person: number): Promise<void> {
    const { refreshToken } = sessions[person] as SessionJson
    const body = await count(() => ask(url, '/v1/auth/refresh', { json: { refreshToken } }))
    if (body) sessions[person] = body as SessionJson
  }

  async function count(send: () => Promise<Response>): Promise<unknown> {
    let outcome: string
    let body: unknown = null
    try {
      const answer = await send()
      body = await answer.json()
      outcome = answer.ok ? '200' : `${answer.status} ${(body as { code?: string }).code}`
      if (!answer.ok) body = null
    } catch (error) {
      outcome = error instanceof Error ? error.message : String(error)
    }
    answers[outcome] = (answers[outcome] ?? 0) + 1
    return body
  }

  return {
    answers,
    /** Gives everybody tokens of the present signing keys. */
    refreshAll: (): Promise<unknown> => Promise.all(sessions.map((_, person) => refresh(person))),
    async stop(): Promise<Answers> {
      stopping = true
      await working
      return answers
    },
  }
}
