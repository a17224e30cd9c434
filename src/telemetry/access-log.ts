import type { ProblemCode } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import { contextOf, type PublicEnv } from '../http/request.ts'
import type { Logger } from '../log/logger.ts'
import { clientClosed } from './traffic.ts'

/** None of its texts can hold a character that JSON or a terminal would take for more than itself. */
export type AccessEntry = {
  /** Of `[A-Za-z0-9._-]`. */
  requestId: string
  /** A token of RFC 9110. */
  method: string
  /** The route's pattern, never what was asked for: paths hold ids, and queries what people searched for. */
  path: string
  status: number
  milliseconds: number
  accountId?: string
  /** What it was refused with, or failed with. */
  code?: ProblemCode
  /** Of refusals that an attack brings: the hash of the address's network. */
  network?: string
  /** Personal data: the audit trail keeps addresses, under its own rules. */
  ip?: never
}

/**
 * One JSON line per request: at info, probes at debug, answers of 5xx at error, and at
 * info as `client-closed` what was given up because its client left. It runs on every request, so it writes
 * its six members itself; through the general path of the logger a line costs five times as much.
 */
export function createAccessLog(log: Logger): (entry: AccessEntry) => void {
  const writes = {
    debug: log.isLevelEnabled('debug'),
    info: log.isLevelEnabled('info'),
    error: log.isLevelEnabled('error'),
  }
  /** What the last line of each path said between its id and its time: most say the same. */
  const middles = new Map<string, { method: string; status: number; text: string }>()

  function middleOf(method: string, path: string, status: number): string {
    const last = middles.get(path)
    if (last?.status === status && last.method === method) return last.text
    // Joined, it is one piece: a template would be a tree of pieces that every line walks again.
    const text = ['","method":"', method, '","path":"', path, '","status":', status, ',"milliseconds":'].join('')
    middles.set(path, { method, status, text })
    return text
  }

  return function logAccess({ requestId, method, path, status, milliseconds, accountId, code, network }) {
    const level = status >= 500 ? 'error' : probeRoutes.has(path) ? 'debug' : 'info'
    if (!writes[level]) return
    const who = accountId === undefined ? '' : `"accountId":"${accountId}",`
    const why = code === undefined ? '' : `"code":"${code}",${network === undefined ? '' : `"network":"${network}",`}`
    log.writeMembers(
      level,
      `"requestId":"${requestId}${middleOf(method, path, status)}${toDecimals(milliseconds)},${who}${why}"msg":"${status === clientClosed ? 'client-closed' : 'request'}"`,
    )
  }
}

/** Three decimals, put together from whole numbers: writing a fraction costs as much as half of the line. */
function toDecimals(milliseconds: number): string {
  const microseconds = Math.round(milliseconds * 1000)
  const rest = microseconds % 1000
  return `${(microseconds - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}

/** One line per request, when it ends; around `countTraffic`, which took its time and status. What is refused says why, and what tells of an attack from which network. */
export function logAccess(write: (entry: AccessEntry) => void, networkHash: (ip: string) => string) {
  return middleware<PublicEnv>({
    name: 'logAccess',
    after(c) {
      const context = contextOf(c)
      const { status } = context
      const code = context.clientClosed ? undefined : (context.problem ?? undefined)
      write({
        requestId: context.id,
        method: context.method,
        path: context.route || 'unknown',
        status,
        milliseconds: context.milliseconds,
        accountId: context.principal?.accountId,
        code,
        network: code && tellsNetwork(status, code) ? networkHash(context.ip) : undefined,
      })
    },
  })
}

/** Refusals by which guessing and probing show. */
const tellsNetwork = (status: number, code: ProblemCode) =>
  status === 401 || status === 403 || status === 429 || code === 'email-taken'
