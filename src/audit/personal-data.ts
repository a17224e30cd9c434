import type { PersonalData } from '../db/personal-data.ts'
import { listExportedTrail } from './queries.ts'

export const auditData: PersonalData[] = [
  {
    table: 'audit_logs',
    exported: { part: 'auditTrail', page: listExportedTrail },
    erased: { otherwise: 'kept: who did what must be provable; it holds ids and no direct identifier' },
  },
  {
    table: 'audit_personal',
    exported: { not: 'shown with its row, in the part auditTrail' },
    erased: { otherwise: 'by erase_traces: where the person acted on themself; of acts on others it is evidence' },
  },
  {
    table: 'audit_subjects',
    exported: { not: 'shown with its row, in the part auditTrail' },
    erased: { otherwise: 'by erase_traces: what of the person was changed, whoever did it' },
  },
  {
    table: 'audit_archive',
    exported: { not: 'rows past a year, of which nothing personal is left' },
    erased: { otherwise: 'kept, as audit_logs' },
  },
]
