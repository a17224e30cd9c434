import type { Config } from '../room-config.ts'
import type { Finding } from './finding.ts'

/** Warns of rate limits that are off. */
export function describeLimits(config: Config): Finding {
  const limits = {
    RATE_LIMIT_GLOBAL: config.rateLimitGlobal,
    RATE_LIMIT_AUTH: config.rateLimitAuth,
    RATE_LIMIT_REGISTER: config.rateLimitRegister,
    RATE_LIMIT_MAIL: config.rateLimitMail,
    RATE_LIMIT_PASSWORD: config.rateLimitPassword,
    RATE_LIMIT_API: config.rateLimitApi,
  }
  const off = Object.entries(limits).flatMap(([name, limit]) => (limit === null ? [name] : []))
  return {
    name: 'limits',
    state: off.length > 0 ? 'warning' : 'good',
    detail: off.length > 0 ? `${off.join(', ')} off` : 'all of them count',
    advice: 'nothing then bounds what one address or account may ask for: set N/window unless something in front does',
  }
}
