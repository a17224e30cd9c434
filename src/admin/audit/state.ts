import { findLastSeal, type Seal } from '../../audit/last-seal.ts'
import { momentOf } from '../../audit/row-ids.ts'
import { readVerifications, type Verification, type Verifications } from '../../audit/verifications.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { AdminDeps } from '../deps.ts'
import { findNewestEntry, findUnsealed } from './queries.ts'

const overdueMs = 600_000

/**
 * The state of the trail: its newest entry, how far it is sealed, and what its verification found. Shows no person's acts,
 * so it is not audited as a search.
 */
export function readAuditState(deps: Pick<AdminDeps, 'sql' | 'replica' | 'audit' | 'now'>, accountId: string) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [newestEntry, seal, unsealed, found] = await Promise.all([
      findNewestEntry(sql),
      findLastSeal(sql, deps.audit),
      findUnsealed(sql),
      readVerifications(sql, deps.audit),
    ])
    const { seals, whole, fault } = found
    return {
      newestEntry,
      seal,
      unsealed: { entries: unsealed.entries, since: unsealed.oldest && momentOf(unsealed.oldest) },
      verification: {
        status: statusOf(found, seal, deps.now()),
        fault,
        seals: toVerificationBody(seals),
        whole: toVerificationBody(whole),
      },
    }
  })
}

function statusOf({ seals, whole, fault }: Verifications, seal: Seal | null, now: number) {
  if (fault !== null) return 'faulty'
  if (!seals && !whole) return 'unknown'
  return seal && isOverdue(seal, { seals, whole }, now) ? 'unknown' : 'sound'
}

/** Whether the newest seal should be verified by now: the job runs every minute, unless it fails. */
function isOverdue(seal: Seal, { seals, whole }: Pick<Verifications, 'seals' | 'whole'>, now: number): boolean {
  const sealedAt = Date.parse(seal.sealedAt)
  const isVerified =
    (seals?.checkpointId ?? 0) >= seal.number || (whole !== null && whole.verifiedAt.getTime() >= sealedAt)
  return !isVerified && now - sealedAt > overdueMs
}

function toVerificationBody(verification: Verification | null) {
  if (!verification) return null
  const { checkpointId, checkpoints, auditRows, verifiedAt } = verification
  return { verifiedAt, upTo: checkpointId, seals: checkpoints, entries: auditRows }
}
