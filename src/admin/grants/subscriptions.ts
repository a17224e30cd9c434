import type { Actor } from '../../access/actor.ts'
import { directory } from '../../audit/actor.ts'
import type { Status } from '../../billing/lifecycle.ts'
import type { Subscription } from '../../billing/queries.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { Slice } from '../../http/output/page.ts'
import type { AdminDeps } from '../deps.ts'
import { listSubscriptions } from './queries.ts'

/** Subscriptions, newest first. The search is audited. */
export async function readSubscriptions(
  deps: AdminDeps,
  actor: Actor,
  filter: { plan?: string; status?: Status },
  { limit, after }: Slice<string>,
): Promise<Subscription[]> {
  const { accountId } = actor.principal
  const rows = await readFromReplica(deps, accountId, (sql) => listSubscriptions(sql, filter, limit, after))
  await deps.audit.record(deps.sql, actor, 'subscription.search', directory, { details: filter })
  return rows
}
