import { operator, webhook } from '../audit/actor.ts'
import { type ClaimedEndpoint, disableEndpoint, endQueued, holdAccount } from './delivery-queries.ts'
import type { WebhookDeps } from './deps.ts'

/** Disables an endpoint that answered 410, or that failed for days; its owner is notified by mail, once. */
export async function disable(
  deps: Pick<WebhookDeps, 'sql' | 'audit' | 'mail' | 'log'>,
  { id, url, createdBy, accountId }: ClaimedEndpoint,
  reason: 'gone' | 'failing',
): Promise<void> {
  const wasEnabled = await deps.sql.begin(async (tx) => {
    await holdAccount(tx, createdBy)
    if (!(await disableEndpoint(tx, id, reason))) return false
    await endQueued(tx, id, 'The endpoint was disabled.')
    const more = accountId === null ? {} : { subjectId: accountId }
    await deps.audit.record(tx, operator, 'webhook.disable', webhook(id), { details: { reason }, ...more })
    await deps.mail.notify(tx, createdBy, 'webhook-disabled', { host: new URL(url).host, reason })
    return true
  })
  if (wasEnabled) deps.log.warn({ endpointId: id, reason }, 'a webhook endpoint was disabled')
}
