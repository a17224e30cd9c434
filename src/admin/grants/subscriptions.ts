import type { Principal } from '../../access/principal.ts'
import { type Client, record } from '../../audit/record.ts'
import type { Status } from '../../billing/lifecycle.ts'
import { listSubscriptions, type Subscription } from '../../billing/queries.ts'
import { readAside } from '../../db/replica.ts'
import type { Deps } from '../../deps.ts'
import type { Slice } from '../../http/output/page.ts'

/** Subscriptions, newest first; that somebody looked is audited. */
export async function readSubscriptions(
  deps: Deps,
  actor: Principal,
  filter: { plan?: string; status?: Status },
  { limit, after }: Slice<string>,
  client: Client,
): Promise<Subscription[]> {
  const rows = await readAside(deps, actor.accountId, (sql) => listSubscriptions(sql, filter, limit, after))
  await record(deps.sql, deps.audit, {
    action: 'subscription.search',
    actorId: actor.accountId,
    entityType: 'directory',
    entityId: null,
    client,
    details: filter,
  })
  return rows
}
