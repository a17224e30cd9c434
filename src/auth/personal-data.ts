import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const authData: PersonalData[] = [
  {
    table: 'sessions',
    exported: rowsOf('sessions', {
      part: 'sessions',
      columns: `t.id, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt", ip_address as "ipAddress",
        user_agent as "userAgent", ended_at as "endedAt", end_reason as "endReason", amr, acr,
        coalesce(auth_time, created_at) as "authTime"`,
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'tokens',
    exported: { not: 'hashes, and what signs a successor: shown to nobody' },
    erased: { otherwise: 'goes with its session' },
  },
  {
    table: 'login_attempts',
    exported: rowsOf('login_attempts', {
      part: 'loginAttempts',
      columns: 't.id, at, outcome, ip_address as "ipAddress"',
      key: [
        ['at', 'timestamptz'],
        ['id', 'uuid'],
      ],
    }),
    erased: { account: 'account_id' },
  },
]
