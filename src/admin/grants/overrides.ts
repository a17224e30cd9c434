import { authoriseOver } from '../../access/hierarchy.ts'
import type { Principal } from '../../access/principal.ts'
import { bytesOfOverrides, MaxOverridesBytes } from '../../access/rights.ts'
import { type Client, record } from '../../audit/record.ts'
import { deleteOverride, isAhead, upsertOverride } from '../../billing/queries.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import type { Deps } from '../../deps.ts'
import { AppError, invalid } from '../../errors/app-error.ts'

const permission = 'subscriptions.manage'

type Wish = { granted: boolean; limit?: number | null; expiresAt?: Date | string | null; reason: string }

/** Grants or refuses one feature to one account, whatever its plan. @throws AppError as authoriseOver, `validation-failed` for an end in the past, and for more than a token holds */
export async function setOverride(
  deps: Deps,
  actor: Principal,
  accountId: string,
  feature: string,
  { granted, limit = null, expiresAt = null, reason }: Wish,
  client: Client,
) {
  if (!deps.catalogue.current.features.has(feature)) throw new AppError('not-found')
  const ends = expiresAt === null ? null : new Date(expiresAt)
  return deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor, accountId, permission)
    if (ends && !(await isAhead(tx, ends))) throw invalid('expiresAt', 'Choose a moment that lies ahead.')
    const override = await upsertOverride(
      tx,
      accountId,
      { feature, granted, limit: granted ? limit : null, expiresAt: ends, reason },
      actor.accountId,
    )
    const { overrides } = await recordAuthzChange(tx, { accountId })
    // A token that is too long to be read would lock its owner out.
    if (bytesOfOverrides(overrides ?? {}) > MaxOverridesBytes)
      throw invalid('granted', 'The account has as many overrides as its tokens can hold.', 'too-many')
    await record(tx, deps.audit, {
      action: granted ? 'feature.grant' : 'feature.refuse',
      actorId: actor.accountId,
      entityType: 'account',
      entityId: accountId,
      client,
      details: { feature, limit, expiresAt: ends },
      after: { reason },
    })
    return override
  })
}

/** Takes an override away: the plan decides again. @throws AppError as authoriseOver, `not-found` when there is none */
export async function clearOverride(
  deps: Deps,
  actor: Principal,
  accountId: string,
  feature: string,
  client: Client,
): Promise<void> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor, accountId, permission)
    if (!(await deleteOverride(tx, accountId, feature))) throw new AppError('not-found')
    await recordAuthzChange(tx, { accountId })
    await record(tx, deps.audit, {
      action: 'feature.clear',
      actorId: actor.accountId,
      entityType: 'account',
      entityId: accountId,
      client,
      details: { feature },
    })
  })
}
