import { type Logger, toLogText } from '../logger.ts'

export type AccessEntry = {
  requestId: string
  method: string
  /** The route's pattern, or a path without its query: queries hold what people searched for. */
  path: string
  status: number
  milliseconds: number
  accountId?: string
  /** Personal data: the audit trail keeps addresses, under its own rules. */
  ip?: never
}

const probes = new Set(['/live', '/ready', '/health'])

/**
 * One JSON line per request: at info, probes at debug, answers of 5xx at error. It runs on every request, so it writes
 * its six members itself; through the general path of the logger a line costs five times as much.
 */
export function createAccessLog(log: Logger): (entry: AccessEntry) => void {
  const writes = {
    debug: log.isLevelEnabled('debug'),
    info: log.isLevelEnabled('info'),
    error: log.isLevelEnabled('error'),
  }
  return function logAccess({ requestId, method, path, status, milliseconds, accountId }) {
    const level = status >= 500 ? 'error' : probes.has(path) ? 'debug' : 'info'
    if (!writes[level]) return
    const who = accountId === undefined ? '' : `"accountId":${toLogText(accountId)},`
    log.writeMembers(
      level,
      `"requestId":${toLogText(requestId)},"method":${toLogText(method)},"path":${toLogText(withoutQuery(path))},"status":${status},"milliseconds":${toDecimals(milliseconds)},${who}"msg":"request"`,
    )
  }
}

function withoutQuery(path: string): string {
  const end = path.indexOf('?')
  return end < 0 ? path : path.slice(0, end)
}

/** Three decimals, put together from whole numbers: writing a fraction costs as much as half of the line. */
function toDecimals(milliseconds: number): string {
  const microseconds = Math.round(milliseconds * 1000)
  const rest = microseconds % 1000
  return `${(microseconds - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}
