import type { Actor } from '../../access/actor.ts'
import { directory } from '../../audit/actor.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { Slice } from '../../http/output/page.ts'
import type { AdminDeps } from '../deps.ts'
import { listTeams, type TeamFilter } from './queries.ts'

/** Teams, newest first. The search is audited. */
export async function readTeams(deps: AdminDeps, actor: Actor, filter: TeamFilter, { limit, after }: Slice<string>) {
  const { accountId } = actor.principal
  const rows = await readFromReplica(deps, accountId, (sql) => listTeams(sql, filter, limit, after))
  await deps.audit.record(deps.sql, actor, 'team.search', directory, {
    details: { isSurplus: filter.isSurplus },
  })
  return rows.map(({ seatLimit, seatsUsed, ...team }) => ({ ...team, seats: { limit: seatLimit, used: seatsUsed } }))
}
