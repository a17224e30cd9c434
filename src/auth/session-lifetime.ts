import { administratorLevel } from '../access/privilege.ts'

/** The absolute lifetime of a session in seconds: 30 days, however often it is refreshed (OWASP ASVS 5.0 7.3.2). */
export const maxSessionSeconds = 2_592_000
/** For administrators: 12 hours in all, and 30 minutes without a refresh (7.3.1). */
const maxAdministratorSeconds = 43_200
const maxAdministratorIdleSeconds = 1_800

/** The longest that a session can go without a refresh, in seconds. */
export function maxIdleSeconds(privilegeLevel: number): number {
  return privilegeLevel >= administratorLevel ? maxAdministratorIdleSeconds : maxSessionSeconds
}

/** Numbers are part of the text, not parameters: they are constants, so the prepared statement stays the same. */
function ofAdministrators(since: 's.created_at' | 's.last_used_at', seconds: number): string {
  return `case when r.privilege_level >= ${administratorLevel} then ${since} + interval '${seconds} seconds' end`
}

/** SQL: when a session ends however often it is refreshed, of a row `s` of sessions and `r` of roles. */
export const endsAt = `least(s.expires_at, ${ofAdministrators('s.created_at', maxAdministratorSeconds)})`

/** SQL: when a session ends unless it is refreshed, of the same rows. */
export const idleAt = `least(${endsAt}, ${ofAdministrators('s.last_used_at', maxAdministratorIdleSeconds)})`

/** SQL: when a session that begins now ends at the latest. */
export const newSessionEndsAt = `clock_timestamp() + interval '${maxSessionSeconds} seconds'`
