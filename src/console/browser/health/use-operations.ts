import type { Operations } from '@manas360/client'
import { readApi } from '../calls/call-api.ts'
import { client } from '../calls/client.ts'
import { type Loaded, useAnswer } from '../calls/use-answer.ts'
import { useRefreshed } from '../calls/use-refreshed.ts'

const everyMs = 15_000

/** The instances and the queues, refreshed while the page is visible. Loaded only where `mayBeRead`. */
export function useOperations(mayBeRead: boolean): Loaded<Operations> {
  const answer = useAnswer(mayBeRead ? 'operations' : null, () => readApi(() => client.v1.admin.operations.$get()))
  useRefreshed(() => {
    if (mayBeRead) answer.refresh()
  }, everyMs)
  return answer
}
