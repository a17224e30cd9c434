import postgres from 'postgres'
import { call } from './call.ts'
import { password } from './clients.ts'
import type { Ledger, Person, Write } from './ledger.ts'

/** The differences between the ledger and the database; a guarantee is broken unless both are empty. */
export type Truth = {
  /** Acknowledged writes that are missing or incomplete. */
  lost: string[]
  /** Writes that exist more often than they were requested. */
  doubled: string[]
}

type Stored = { id: string; email: string; firstName: string | null; role: string; isWhole: boolean; isAlive: boolean }

/**
 * How many sessions' old tokens are tried, and how many unanswered registrations are repeated: each costs a hash or
 * ends a session.
 */
const sample = 20

/**
 * Compares the acknowledgements of clients with the database. Every write leaves one audit row with the id of its
 * request; its effect is checked too.
 * @param url of a server that serves again
 */
export async function compare(ledger: Ledger, databaseUrl: string, url: string): Promise<Truth> {
  const sql = postgres(databaseUrl, { max: 1, transform: postgres.toCamel, onnotice: () => {} })
  const truth: Truth = { lost: [], doubled: [] }
  try {
    await compareAudit(sql, ledger, truth)
    const stored = await compareAccounts(sql, ledger, truth)
    await compareEffects(sql, ledger, stored, truth)
    await compareTokens(sql, ledger.people, truth)
    await presentTokens(url, ledger.people, truth)
    await repeatUnanswered(url, ledger, stored, truth)
    return truth
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** One row for each acknowledged write; at most one for any other, and for any request. */
async function compareAudit(sql: postgres.Sql, { writes }: Ledger, { lost, doubled }: Truth): Promise<void> {
  const rows = await sql<{ requestId: string; action: string; count: number }[]>`
    select request_id, action, count(*)::int from audit_logs where request_id is not null group by 1, 2`
  const counts = new Map(rows.map(({ requestId, action, count }) => [`${requestId} ${action}`, count]))
  for (const write of writes) {
    const found = write.requestIds.reduce((sum, id) => sum + (counts.get(`${id} ${write.action}`) ?? 0), 0)
    if (write.acknowledged && found === 0) lost.push(`${describe(write)}: no audit row`)
    if (found > 1) doubled.push(`${describe(write)}: ${found} audit rows`)
  }
}

/**
 * Checks that each account has its plan, session and audit row, that each acknowledged one exists, and that no other
 * exists in part.
 */
async function compareAccounts(
  sql: postgres.Sql,
  { writes }: Ledger,
  { lost, doubled }: Truth,
): Promise<Map<string, Stored>> {
  const rows = await sql<Stored[]>`
    select a.id, a.email, a.first_name, a.role,
      (select count(*) from user_subscriptions s where s.account_id = a.id and s.ended_at is null) = 1
        and exists (select from sessions s join tokens t on t.session_id = s.id where s.account_id = a.id)
        and (select count(*) from audit_logs l where l.action = 'account.create' and l.entity_id = a.id::text) = 1 as is_whole,
      not exists (select from sessions s where s.account_id = a.id and s.ended_at is not null) as is_alive
    from user_accounts a where a.email = any(${writes.map(({ email }) => email)})`
  const stored = new Map(rows.map((row) => [row.email, row]))
  if (stored.size < rows.length) doubled.push(`${rows.length - stored.size} accounts share their address with another`)
  for (const { email, isWhole, isAlive } of rows) {
    if (!isWhole) lost.push(`account ${email} is there by half`)
    if (!isAlive) lost.push(`a session of ${email} was ended by nobody`)
  }
  for (const { what, email, acknowledged } of writes)
    if (what === 'registration' && acknowledged && !stored.has(email)) lost.push(`account ${email}`)
  const [strays] = await sql<{ count: number }[]>`
    select count(*)::int from audit_logs
     where action = 'account.create' and entity_id not in (select id::text from user_accounts)`
  if (strays?.count) lost.push(`${strays.count} accounts have an audit row and nothing else`)
  return stored
}

async function compareEffects(
  sql: postgres.Sql,
  { writes }: Ledger,
  stored: Map<string, Stored>,
  { lost, doubled }: Truth,
): Promise<void> {
  const names = await sql<{ name: string; count: number }[]>`select name, count(*)::int from api_keys group by 1`
  const keys = new Map(names.map(({ name, count }) => [name, count]))
  const trials = await sql<{ email: string; count: number }[]>`
    select a.email, count(*)::int from trials t join user_accounts a on a.id = t.account_id
      join user_subscriptions s on s.account_id = a.id and s.plan = t.plan group by 1`
  const tried = new Map(trials.map(({ email, count }) => [email, count]))
  const perWrite = { 'API key': ({ value }: Write) => keys.get(value), trial: ({ email }: Write) => tried.get(email) }
  for (const write of writes) {
    if (write.what !== 'API key' && write.what !== 'trial') continue
    const count = perWrite[write.what](write) ?? 0
    if (write.acknowledged && count === 0) lost.push(describe(write))
    if (count > 1) doubled.push(`${describe(write)}: there ${count} times`)
  }
  for (const [what, columnOf] of [
    ['profile', (row: Stored) => row.firstName],
    ['role', (row: Stored) => row.role],
  ] as const)
    for (const [email, own] of Map.groupBy(
      writes.filter((write) => write.what === what),
      (write) => write.email,
    )) {
      // The last acknowledged value, or that of a later write with an unknown outcome.
      const last = own.findLastIndex(({ acknowledged }) => acknowledged)
      const row = stored.get(email)
      if (last >= 0 && row && !own.slice(last).some(({ value }) => value === columnOf(row)))
        lost.push(`${describe(own[last] as Write)}: it is ${columnOf(row)}`)
    }
}

/** Checks that the last token of a client is the current one of its session. */
async function compareTokens(sql: postgres.Sql, people: readonly Person[], { lost }: Truth): Promise<void> {
  const rows = await sql<{ hash: string }[]>`
    select encode(t.token_hash, 'hex') as hash from tokens t join sessions s on s.id = t.session_id
     where s.ended_at is null and t.expires_at > clock_timestamp()`
  const live = new Set(rows.map(({ hash }) => hash))
  for (const { email, refreshToken } of people)
    if (!live.has(new Bun.CryptoHasher('sha256').update(refreshToken).digest('hex')))
      lost.push(`the session of ${email}`)
}

/** Presents some of them: a token is valid until its successor was used. */
async function presentTokens(url: string, people: readonly Person[], { lost, doubled }: Truth): Promise<void> {
  for (const { email, refreshToken } of people.slice(0, sample)) {
    const next = await present(url, refreshToken)
    if (next === 'refused') lost.push(`the session of ${email}`)
    if (next === 'refused' || next === 'not decided' || (await present(url, next)).startsWith('not ')) continue
    const again = await present(url, refreshToken)
    if (again !== 'refused' && again !== 'not decided') doubled.push(`the session of ${email} has two live branches`)
  }
}

/** The next token. Not repeated without an answer: after 10 s that would end the session. */
async function present(url: string, refreshToken: string): Promise<string> {
  const answer = await call(url, '/v1/auth/refresh', { json: { refreshToken } })
  if (typeof answer === 'string' || answer.status >= 500) return 'not decided'
  return answer.status === 200 ? (answer.body as { refreshToken: string }).refreshToken : 'refused'
}

/** Checks that such an account exists completely or not at all: it can log in, or the address is free. */
async function repeatUnanswered(
  url: string,
  { writes }: Ledger,
  stored: Map<string, Stored>,
  { lost }: Truth,
): Promise<void> {
  const unanswered = writes.filter(({ what, acknowledged }) => what === 'registration' && !acknowledged)
  for (const { email } of unanswered.slice(-sample)) {
    const path = stored.has(email) ? 'login' : 'register'
    const answer = await call(url, `/v1/auth/${path}`, { json: { email, password } })
    if (typeof answer !== 'string' && answer.status >= 400 && answer.status < 500)
      lost.push(`${email} can neither log in nor register: ${answer.code}`)
  }
}

function describe({ what, email, value }: Write): string {
  return `${what} of ${email} (${value})`
}
