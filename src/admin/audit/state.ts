import { findLastSeal } from '../../audit/last-seal.ts'
import { momentOf } from '../../audit/row-ids.ts'
import { readVerifications, type Verification } from '../../audit/verifications.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { AdminDeps } from '../deps.ts'
import { findNewestEntry, findUnsealed } from './queries.ts'

/**
 * What can be said of the trail without reading it: how new it is, how far it is sealed, what its verification found. Nothing
 * that somebody did is shown, so that asking is no reading that would be recorded.
 */
export function readAuditState(deps: Pick<AdminDeps, 'sql' | 'replica' | 'audit'>, accountId: string) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [newestEntry, seal, unsealed, { seals, whole, fault }] = await Promise.all([
      findNewestEntry(sql),
      findLastSeal(sql, deps.audit),
      findUnsealed(sql),
      readVerifications(sql, deps.audit),
    ])
    return {
      newestEntry,
      seal,
      unsealed: { entries: unsealed.entries, since: unsealed.oldest && momentOf(unsealed.oldest) },
      verification: { status: statusOf(fault, seals ?? whole), fault, seals: shown(seals), whole: shown(whole) },
    }
  })
}

function statusOf(fault: string | null, found: Verification | null): 'sound' | 'faulty' | 'unknown' {
  if (fault !== null) return 'faulty'
  return found ? 'sound' : 'unknown'
}

function shown(verification: Verification | null) {
  if (!verification) return null
  const { checkpointId, checkpoints, auditRows, verifiedAt } = verification
  return { verifiedAt, upTo: checkpointId, seals: checkpoints, entries: auditRows }
}
