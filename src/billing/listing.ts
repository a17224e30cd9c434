import type { Principal } from '../access/principal.ts'
import { type Client, record } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import type { Status } from './lifecycle.ts'
import { listSubscriptions, type Subscription } from './queries.ts'

/** Subscriptions, newest first; that somebody looked is audited. */
export async function readSubscriptions(
  deps: Deps,
  actor: Principal,
  filter: { plan?: string; status?: Status },
  limit: number,
  before: string | null,
  client: Client,
): Promise<Subscription[]> {
  return deps.sql.begin(async (tx) => {
    const rows = await listSubscriptions(tx, filter, limit, before)
    await record(tx, deps.audit, {
      action: 'subscription.search',
      actorId: actor.accountId,
      entityType: 'directory',
      entityId: null,
      client,
      details: filter,
    })
    return rows
  })
}
