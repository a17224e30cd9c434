import type { Job } from '../db/job.ts'
import type { AuditDeps } from './deps.ts'
import { logCheckpoints, sealAudit } from './seal.ts'
import { verifySeals } from './verify-seals.ts'

/** The jobs of the trail: sealing every 5 s, verification every minute, and the archive of old rows once a day. */
export function auditJobs(deps: AuditDeps): Job[] {
  return [
    {
      name: 'seal-audit',
      everySeconds: 5,
      async work(tx) {
        const lines = await sealAudit(tx, deps)
        return { result: lines, committed: () => logCheckpoints(deps, lines) }
      },
    },
    { name: 'verify-audit', everySeconds: 60, slow: true, work: (tx) => verifySeals(tx, deps) },
    // Twenty thousand rows at a time: as many as `archive_audit` moves in one transaction.
    { name: 'archive-audit', everySeconds: 86_400, batch: 20_000, slow: true },
  ]
}
