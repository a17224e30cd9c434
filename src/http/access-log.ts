import type { Logger } from '../logger.ts'
export function createAccessLog(logger: Logger) {
  return (entry: { requestId: string; method: string; path: string; status: number; milliseconds: number; accountId?: string }) => logger.info(entry)
}
