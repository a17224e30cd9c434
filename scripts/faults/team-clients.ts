import { hashToken } from '../../src/crypto/hash.ts'
import { type Answer, call, describeFailure, type Request } from './call.ts'
import { countError } from './ledger.ts'
import { openTeamStage, type Person } from './team-stage.ts'
import type { Scene } from './under-traffic.ts'

export type TeamClients = Awaited<ReturnType<typeof startTeamClients>>

/** A change that somebody requested, and the answer. */
type TeamWrite = {
  action: 'team.join' | 'team.leave' | 'team.remove_member' | 'subscription.grant'
  whose: string
  /** One for each time that it was sent: one of them has the audit row. */
  requestIds: string[]
  acknowledged: boolean
}

type TeamLedger = {
  writes: TeamWrite[]
  /** The owner of the team that each person is in, by the last decision. */
  ownerOf: Map<string, string>
  /** The plan that each owner was last given. */
  planOf: Map<string, string>
  /** Hashes of used links. */
  used: Buffer[]
  /** Unsuccessful answers. */
  errors: Map<string, number>
  /** Answers that contradict an earlier acknowledgement. */
  contradictions: string[]
}

/** Five seats, three, and two plans that are not shared. */
const plans = ['quintet', 'trio', 'starter', 'free']
const pauseMs = 20

/**
 * People who join teams and leave, or are removed by the owner, without pause, while an administrator gives one of the
 * owners one plan after another. Undecided requests are repeated: joining under its Idempotency-Key.
 */
export async function startTeamClients(scene: Scene) {
  const stage = await openTeamStage(scene)
  const ledger: TeamLedger = {
    ...{ writes: [], ownerOf: new Map(), used: [], errors: new Map(), contradictions: [] },
    planOf: new Map(stage.owners.map(({ id }) => [id, 'trio'])),
  }
  let isEnding = false
  let isAbandoned = false
  let undecided = 0

  function enter(action: TeamWrite['action'], { id: whose }: Person): TeamWrite {
    const write: TeamWrite = { action, whose, requestIds: [], acknowledged: false }
    ledger.writes.push(write)
    return write
  }

  /**
   * Sends a request once. @returns the server's decision, a success or a refusal with a reason; null where there was
   * none
   */
  async function attempt(write: TeamWrite, path: string, as: Person, request: Request): Promise<Answer | null> {
    const requestId = crypto.randomUUID()
    write.requestIds.push(requestId)
    undecided++
    const headers = { ...request.headers, 'X-Request-Id': requestId }
    const answer = await call(scene.server().url, path, { ...request, bearer: as.bearer, headers })
    undecided--
    write.acknowledged = typeof answer !== 'string' && answer.status < 300
    if (typeof answer !== 'string' && answer.code === 'token-expired') await stage.logIn(as)
    if (isDecision(answer)) return answer
    countError(ledger, describeFailure(answer))
    await Bun.sleep(pauseMs)
    return null
  }

  async function decide(write: TeamWrite, path: string, as: Person, request: Request): Promise<Answer | null> {
    let answer: Answer | null = null
    while (!answer && !isAbandoned) answer = await attempt(write, path, as, request)
    return answer
  }

  async function join(person: Person, owner: Person): Promise<boolean> {
    const token = crypto.randomUUID()
    const hash = hashToken(token)
    while (!(await stage.invite(owner, person, hash))) {
      if (isAbandoned) return false
      await Bun.sleep(pauseMs)
    }
    const headers = { 'Idempotency-Key': crypto.randomUUID() }
    const answer = await decide(enter('team.join', person), '/v1/team/accept', person, { json: { token }, headers })
    if (answer?.status === 204) {
      ledger.ownerOf.set(person.id, owner.id)
      ledger.used.push(hash)
    } else if (answer && answer.code !== 'seats-exhausted') contradict(`${person.id} joins`, answer)
    return answer?.status === 204
  }

  async function leave(person: Person, owner: Person, isRemoved: boolean): Promise<void> {
    const write = enter(isRemoved ? 'team.remove_member' : 'team.leave', person)
    const as = isRemoved ? owner : person
    const answer = await decide(write, `/v1/team/members/${person.id}`, as, { method: 'DELETE' })
    if (!answer) return
    // Not found: an earlier attempt was committed, and its answer lost.
    const wasLost = answer.status === 404 && write.requestIds.length > 1
    if (answer.status !== 204 && !wasLost) contradict(`${person.id} leaves`, answer)
    ledger.ownerOf.delete(person.id)
  }

  async function live(person: Person, turn: number): Promise<void> {
    for (let time = turn; !isEnding; time++) {
      const owner = stage.owners[time % stage.owners.length]
      if (!owner) throw new Error('there are owners')
      const hasJoined = await join(person, owner)
      // Others find the seats taken meanwhile.
      await Bun.sleep(pauseMs)
      if (hasJoined && !isEnding) await leave(person, owner, time % 4 > 1)
    }
  }

  async function changePlans(owner: Person): Promise<void> {
    for (let time = 0; !isEnding; time++) {
      const plan = plans[time % plans.length] ?? 'free'
      const json = { plan, reason: 'a fault' }
      // A further attempt is a write of its own.
      let answer: Answer | null = null
      while (!answer && !isAbandoned)
        answer = await attempt(
          enter('subscription.grant', owner),
          `/v1/admin/users/${owner.id}/subscription`,
          stage.administrator,
          { method: 'PUT', json },
        )
      if (answer && answer.status !== 200) contradict(`a plan of ${owner.id}`, answer)
      if (answer) ledger.planOf.set(owner.id, plan)
      await Bun.sleep(4 * pauseMs)
    }
  }

  function contradict(what: string, answer: Answer): void {
    ledger.contradictions.push(`${what}: ${describeFailure(answer)}`)
  }

  const [, changing] = stage.owners
  const working = Promise.all([...stage.people.map(live), ...(changing ? [changePlans(changing)] : [])])
  return {
    ledger,
    stage,
    /** The number of requests in progress. */
    undecided: () => undecided,
    /** Waits until all requests in progress are decided. */
    async stop(): Promise<void> {
      isEnding = true
      await working
    },
    /** Stops without waiting for decisions. */
    async abandon(): Promise<void> {
      isEnding = true
      isAbandoned = true
      await working.catch(() => {})
      await stage.close()
    },
  }
}

function isDecision(answer: Answer | string): answer is Answer {
  if (typeof answer === 'string' || answer.status >= 500 || answer.status === 429) return false
  return answer.code !== 'idempotency-key-in-use' && answer.code !== 'token-expired'
}
