import type { ErasureDeps } from './account/erasure.ts'
import { type InactivityDeps, inactivityJobs } from './account/inactivity.ts'
import { analyticsJobs } from './admin/analytics/jobs.ts'
import { invitationJobs } from './admin/invitations/jobs.ts'
import type { AuditDeps } from './audit/deps.ts'
import { auditJobs } from './audit/jobs.ts'
import { authJobs } from './auth/jobs.ts'
import { billingJobs } from './billing/jobs.ts'
import type { Job } from './db/job.ts'
import { purgeJobs } from './jobs/purge.ts'
import { mailJobs } from './mail/jobs.ts'
import { teamJobs } from './teams/jobs.ts'
import type { SurplusDeps } from './teams/surplus.ts'

/** The jobs of all rooms, in the order in which they are checked. */
export function jobsOfRooms(deps: AuditDeps & ErasureDeps & InactivityDeps & SurplusDeps): readonly Job[] {
  return [
    ...authJobs,
    ...auditJobs(deps),
    ...billingJobs,
    ...teamJobs(deps),
    ...mailJobs(deps),
    ...invitationJobs(deps),
    ...inactivityJobs(deps),
    ...analyticsJobs,
    ...purgeJobs,
  ]
}
