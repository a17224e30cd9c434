import type { AuditEntry, AuditState } from '@manas360/client'
import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { type Loaded, useAnswer } from '../../calls/use-answer.ts'
import type { ListPage } from '../../calls/use-pages.ts'
import { useRefreshed } from '../../calls/use-refreshed.ts'
import type { Filter } from './filter.ts'
import { perPage } from './merge-entries.ts'

/** A page of the trail. The service records the read in the trail. */
export async function readTrail(filter: Filter, cursor: string | null): Promise<ListPage<AuditEntry>> {
  const query = { ...filter, limit: String(perPage), ...(cursor && { cursor }) }
  const answer = await readApi(() => client.v1.admin['audit-logs'].$get({ query }))
  // A string only for other formats.
  return typeof answer === 'string' ? { items: [], nextCursor: null } : answer
}

/** The state of the trail, refreshed while the page is visible. The service does not record this read. */
export function useAuditState(everyMs: number): Loaded<AuditState> {
  const answer = useAnswer('audit state', () => readApi(() => client.v1.admin['audit-logs'].state.$get()))
  useRefreshed(answer.refresh, everyMs)
  return answer
}
