import type { Actor } from '../../access/actor.ts'
import { authoriseOver } from '../../access/hierarchy.ts'
import { bytesOfOverrides, maxOverridesBytes } from '../../access/rights.ts'
import { account } from '../../audit/actor.ts'
import { requireAhead } from '../../billing/views.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import { AppError, invalid } from '../../errors/app-error.ts'
import { teamFeature } from '../../teams/feature.ts'
import type { AdminDeps } from '../deps.ts'
import { deleteOverride, upsertOverride } from './queries.ts'

const permission = 'subscriptions.manage'

type NewOverride = { granted: boolean; limit?: number | null; expiresAt?: Date | string | null; reason: string }

/**
 * Grants or refuses one feature to one account, whatever its plan.
 * @throws AppError as authoriseOver; `validation-failed` for an end in the past, and for overrides larger than a
 *   token's room for them
 */
export async function setOverride(
  deps: AdminDeps,
  actor: Actor,
  accountId: string,
  feature: string,
  { granted, limit = null, expiresAt = null, reason }: NewOverride,
) {
  if (!deps.catalogue.current.features.has(feature)) throw new AppError('not-found')
  const ends = expiresAt === null ? null : new Date(expiresAt)
  return deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor.principal, accountId, permission, { withTeam: feature === teamFeature })
    await requireAhead(tx, 'expiresAt', ends)
    const override = await upsertOverride(
      tx,
      accountId,
      { feature, granted, limit: granted ? limit : null, expiresAt: ends, reason },
      actor.principal.accountId,
    )
    const { overrides } = await recordAuthzChange(tx, { accountId })
    // A token above the limit of 4,096 characters would lock its owner out.
    if (bytesOfOverrides(overrides ?? {}) > maxOverridesBytes)
      throw invalid('granted', 'The account has as many overrides as its tokens can hold.', 'too-many')
    const action = granted ? 'feature.grant' : 'feature.refuse'
    const details = { feature, limit, expiresAt: ends }
    await deps.audit.record(tx, actor, action, account(accountId), { details, after: { reason } })
    return override
  })
}

/** Deletes an override: the plan decides again. @throws AppError as authoriseOver, `not-found` when there is none */
export async function clearOverride(deps: AdminDeps, actor: Actor, accountId: string, feature: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor.principal, accountId, permission, { withTeam: feature === teamFeature })
    if (!(await deleteOverride(tx, accountId, feature))) throw new AppError('not-found')
    await recordAuthzChange(tx, { accountId })
    await deps.audit.record(tx, actor, 'feature.clear', account(accountId), { details: { feature } })
  })
}
