import type { ProblemCode } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import { contextOf, type PublicEnv } from '../http/request.ts'
import type { Logger } from '../log/logger.ts'
import { clientClosed } from './traffic.ts'

/** A line of the log. Every field is JSON-safe, so that the line is built without escaping. */
type AccessEntry = {
  /** Of `[A-Za-z0-9._-]`. */
  requestId: string
  /** A token of RFC 9110. */
  method: string
  /** The route's pattern, never the requested path: paths hold ids, and queries hold search terms. */
  path: string
  status: number
  milliseconds: number
  accountId?: string
  /** The code of the problem that was answered. */
  code?: ProblemCode
  /** The pseudonym of the client's network, on refusals that attacks cause. */
  network?: string
  /** Personal data: addresses are stored in the audit trail only, under its own rules. */
  ip?: never
}

/**
 * Writes one JSON line per request: at info; probes at debug; 5xx at error; requests whose client disconnected at info,
 * as `client-closed`. It builds the line itself, because the logger's general path costs five times as much.
 */
export function createAccessLog(log: Logger): (entry: AccessEntry) => void {
  const writes = {
    debug: log.isLevelEnabled('debug'),
    info: log.isLevelEnabled('info'),
    error: log.isLevelEnabled('error'),
  }
  /** Cache of the part between id and duration, by path, because it mostly repeats. */
  const middles = new Map<string, { method: string; status: number; text: string }>()

  function middleOf(method: string, path: string, status: number): string {
    const last = middles.get(path)
    if (last?.status === status && last.method === method) return last.text
    // `join` makes a flat string; a template would make a rope, which is flattened again for every line.
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

/** Three decimals, written as whole numbers: formatting a fraction would cost half as much as the line. */
function toDecimals(milliseconds: number): string {
  const microseconds = Math.round(milliseconds * 1000)
  const rest = microseconds % 1000
  return `${(microseconds - rest) / 1000}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`
}

/**
 * Logs one line per request at its end; outside of `countTraffic`, which sets duration and status. Refusals have their
 * code, and those that attacks cause the network.
 */
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
        network: code && hasNetwork(status, code) ? networkHash(context.ip) : undefined,
      })
    },
  })
}

/** Whether a refusal is typical of guessing and probing. */
const hasNetwork = (status: number, code: ProblemCode) =>
  status === 401 || status === 403 || status === 429 || code === 'email-taken'
