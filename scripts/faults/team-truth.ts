import { call } from './call.ts'
import type { TeamClients } from './team-clients.ts'
import type { Truth } from './truth.ts'
import type { Scene } from './under-traffic.ts'
import { until } from './wait.ts'

/** The differences between the ledger of teams and the database. */
export async function compareTeams({ ledger, stage: { sql, people, owners } }: TeamClients): Promise<Truth> {
  const truth: Truth = { lost: [...ledger.contradictions], doubled: [] }
  const audited = await sql<{ requestId: string; action: string; count: number }[]>`
    select request_id, action, count(*)::int from audit_logs where request_id is not null group by 1, 2`
  const counts = new Map(audited.map(({ requestId, action, count }) => [`${requestId} ${action}`, count]))
  for (const { action, whose, requestIds, acknowledged } of ledger.writes) {
    const found = requestIds.reduce((sum, id) => sum + (counts.get(`${id} ${action}`) ?? 0), 0)
    if (acknowledged && found === 0) truth.lost.push(`${action} of ${whose}: no audit row`)
    if (found > 1) truth.doubled.push(`${action} of ${whose}: ${found} audit rows`)
  }
  const rows = await sql<{ id: string; ownerId: string | null; payerId: string | null; plan: string }[]>`
    select a.id, t.owner_id, a.payer_id, s.plan from user_accounts a join user_subscriptions s on s.account_id = a.id and s.ended_at is null
      left join team_members m on m.account_id = a.id left join teams t on t.id = m.team_id`
  const stored = new Map(rows.map((row) => [row.id, row]))
  for (const { id } of people) {
    const [told, row] = [ledger.ownerOf.get(id) ?? null, stored.get(id)]
    if (row?.ownerId !== told || row.payerId !== told)
      truth.lost.push(
        `${id} was told to be in the team of ${told}, is in that of ${row?.ownerId}, and has the plan of ${row?.payerId}`,
      )
  }
  for (const { id } of owners)
    if (stored.get(id)?.plan !== ledger.planOf.get(id))
      truth.lost.push(`${id} was given ${ledger.planOf.get(id)}, and has ${stored.get(id)?.plan}`)
  return truth
}

/** Teams with more people than seats, and links that belong to no team or were used. May be called at any time. */
export async function judgeTeams({ ledger, stage: { sql } }: TeamClients): Promise<string[]> {
  const used = ledger.used.map((hash) => hash.toString('hex'))
  const [wrong] = await sql<{ crowded: number; orphans: number; used: number; split: number }[]>`
    select (select count(*)::int from teams t where surplus_since is null and (select plan <> 'free' from shared_plan(t.owner_id, clock_timestamp()))
               and (select count(*) from team_members m where m.team_id = t.id) > seats_of(t.owner_id)) as crowded,
           (select count(*)::int from team_invitations i where not exists (select from teams t where t.id = i.team_id)) as orphans,
           (select count(*)::int from team_invitations where encode(token_hash, 'hex') = any (${used}::text[])) as used,
           (select count(*)::int from user_accounts m where payer_id is not null and has_other_plan(m, clock_timestamp())) as split`
  return [
    ...told(wrong?.crowded, 'teams have more people than seats'),
    ...told(wrong?.orphans, 'invitations are of no team'),
    ...told(wrong?.used, 'links that were used are there still'),
    ...told(wrong?.split, 'members have another plan than their owner shares'),
  ]
}

const told = (count = 1, what: string): string[] => (count > 0 ? [`${count} ${what}`] : [])

/** Checks that everybody's next request has the plan of their team, computed from own subscriptions and plans alone. */
export async function judgePlans({ server, stand: { signal } }: Scene, clients: TeamClients): Promise<string[]> {
  const { ledger, stage } = clients
  const planOf = (id: string) => ledger.planOf.get(id) ?? 'free'
  const shared = new Set(['trio', 'quintet'])
  const planOfEach = [...stage.owners, ...stage.people].map((person) => {
    const owner = ledger.ownerOf.get(person.id)
    const plan = planOf(owner ?? person.id)
    return { person, plan: owner === undefined || shared.has(plan) ? plan : 'free' }
  })
  const wrong = async () => {
    const found = await Promise.all(
      planOfEach.map(async ({ person, plan }) => {
        const answer = await call(server().url, '/v1/me/entitlements', { bearer: person.bearer })
        if (typeof answer !== 'string' && answer.code === 'token-expired') await stage.logIn(person)
        const has = typeof answer === 'string' ? answer : (answer.body as { plan?: string }).plan
        return has === plan ? [] : [`${plan} is ${has}`]
      }),
    )
    return found.flat()
  }
  // The server reads changes with a lost answer again 2 s after the database answers.
  try {
    await until(async () => (await wrong()).length === 0, { seconds: 30, what: 'everybody has the plan', signal })
    return []
  } catch {
    return [`plans that count: ${(await wrong()).join(', ')}`]
  }
}
