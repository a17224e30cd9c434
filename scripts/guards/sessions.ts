import type { Guard } from './guard.ts'

const sessions = 'src/auth/session-queries.ts'
const refresh = ['auth/refresh', 'auth/session-lives']

/** Guards of log-in, lockout and refresh. */
export const sessionGuards: Guard[] = [
  {
    name: 'a refresh token is good once: the guarded update',
    file: sessions,
    from: "isInForce = `t.token_hash = ${value('hash')}::bytea and t.expires_at > clock_timestamp()`",
    to: "isInForce = `${value('hash')}::bytea is not null and t.expires_at > clock_timestamp()`",
    tests: ['auth/refresh'],
  },
  {
    name: 'a refresh token has a time',
    file: sessions,
    from: "isInForce = `t.token_hash = ${value('hash')}::bytea and t.expires_at > clock_timestamp()`",
    to: "isInForce = `t.token_hash = ${value('hash')}::bytea`",
    tests: refresh,
  },
  {
    name: 'the ten seconds in which a lost answer is given again',
    file: sessions,
    from: " and t.replaced_at > clock_timestamp() - interval '10 seconds'",
    to: '',
    tests: ['auth/refresh'],
  },
  {
    name: 'an ended session does not refresh',
    file: sessions,
    from: 'and s.ended_at is null and ${idleAt} > clock_timestamp()\n      returning',
    to: 'and ${idleAt} > clock_timestamp()\n      returning',
    tests: refresh,
  },
  {
    name: 'a session that lay idle does not refresh',
    file: sessions,
    from: 'and s.ended_at is null and ${idleAt} > clock_timestamp()\n      returning',
    to: 'and s.ended_at is null\n      returning',
    tests: refresh,
  },
  {
    name: 'a locked account does not refresh',
    file: sessions,
    from: "and a.id = s.account_id and a.status = 'active'\n         and",
    to: 'and a.id = s.account_id\n         and',
    tests: ['auth/refresh', 'auth/session-lives', 'admin/users/users'],
  },
  {
    name: 'the dummy hash: an unknown address costs what a known one does',
    file: 'src/auth/passwords.ts',
    from: 'const { verify } = await argon2()\n    const normalised',
    to: 'if (stored === null) return false\n    const { verify } = await argon2()\n    const normalised',
    tests: ['auth/passwords'],
  },
  {
    name: 'a bad stored hash costs the same work',
    file: 'src/auth/passwords.ts',
    from: '      await verify(dummy, normalised)\n      return false',
    to: '      return false',
    tests: ['auth/passwords'],
  },
  {
    name: 'the lockout’s reservation: no more tries at once than may fail',
    file: 'src/auth/lockout.ts',
    from: '  if (!admitted)\n    throw',
    to: '  if (admitted === undefined)\n    throw',
    tests: ['auth/lockout'],
  },
  {
    name: 'a lockout refuses the right password too',
    file: 'src/auth/lockout.ts',
    from: 'if (lockedForSeconds !== null) throw',
    to: 'if (lockedForSeconds === Infinity) throw',
    tests: ['auth/lockout'],
  },
  {
    name: 'a log-in waits for a change of password that races it',
    file: 'src/auth/queries.ts',
    from: "and password_version = ${account.passwordVersion} and status = 'active'\n       and second_factors = ${account.secondFactors}::text[]",
    to: "and status = 'active'\n       and second_factors = ${account.secondFactors}::text[]",
    tests: ['auth/login', 'auth/second-factor'],
  },
  {
    name: 'a log-in waits for a second factor that is set up meanwhile',
    file: 'src/auth/queries.ts',
    from: '\n       and second_factors = ${account.secondFactors}::text[]\n    returning 1',
    to: '\n    returning 1',
    tests: ['auth/second-factor', 'auth/login'],
  },
  {
    name: 'an address that must be verified first',
    file: 'src/auth/login.ts',
    from: 'if (deps.config.requireEmailVerification && !verified.emailVerified)',
    to: 'if (deps.config.requireEmailVerification && !verified)',
    tests: ['auth/required-verification'],
  },
  {
    name: 'a device’s counter ends with the password',
    file: 'src/auth/queries.ts',
    from: ' and password_version = ${device?.passwordVersion ?? null}::int',
    to: ' and ${device?.passwordVersion ?? null}::int is not null',
    tests: ['auth/lockout-devices', 'auth/device-tokens'],
  },
  {
    name: 'a password change ends the other sessions',
    file: 'src/auth/password-change.ts',
    from: 'endSessions: { except: sessionId }, ',
    to: '',
    tests: ['auth/password-change'],
  },
  {
    name: 'a link is of one kind',
    file: 'src/account-links/queries.ts',
    from: 'where l.token_hash = ${hash} and l.kind = ${kind} and l.expires_at > clock_timestamp()`\n  return row ?? null',
    to: 'where l.token_hash = ${hash} and l.kind <> ${`${kind} `} and l.expires_at > clock_timestamp()`\n  return row ?? null',
    tests: ['account-links/links', 'recovery/password-reset'],
  },
]
