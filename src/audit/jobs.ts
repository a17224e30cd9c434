import type { Job } from '../db/job.ts'
import type { AuditDeps } from './deps.ts'
import { logCheckpoints, sealAudit } from './seal.ts'

export function auditJobs(deps: Pick<AuditDeps, 'audit' | 'now' | 'log'>): Job[] {
  return [
    {
      name: 'seal-audit',
      everySeconds: 5,
      async work(tx) {
        const lines = await sealAudit(tx, deps)
        return { result: lines, committed: () => logCheckpoints(deps, lines) }
      },
    },
    // Twenty thousand rows at a time: as many as `archive_audit` moves in one transaction.
    { name: 'archive-audit', everySeconds: 86_400, batch: 20_000, slow: true },
  ]
}
