import { expect, test } from 'bun:test'
import { lockToErase } from '../../src/access/hierarchy.ts'
import { eraseForgotten } from '../../src/account/erasure.ts'
import { accountRows } from '../support/account-rows.ts'
import { givenAccount } from '../support/accounts.ts'
import { bodyOf, type SessionJson } from '../support/app.ts'
import { type Other, openExamples, signedElsewhere, unsendable } from '../support/examples.ts'
import { until } from '../support/server-process.ts'
import { interceptTurns } from '../support/turns.ts'

const { app, bodyOfExample, names, personId, prepare, provider, rows, send } = await openExamples()
const { deps, sql } = app
const rowsOf = await accountRows(app)
// The last superadmin cannot be erased.
await givenAccount(app, { role: 'superadmin' })

/** Routes that change something, and are not sent here. */
const excused: Record<string, string> = {
  ...unsendable,
  [signedElsewhere]: 'only a payment provider can sign its body, and it writes of no account',
}

type Differ = (session: SessionJson) => Promise<Other | undefined>

/** Other ways through a route than its example takes. */
const other: { name: string; way: string; differ: Differ }[] = [
  {
    name: 'post /v1/auth/login',
    way: 'with the fifth wrong password',
    differ: async ({ user }) => {
      await failFourTimes(deps.counterKey('email', user.email))
      return { json: { ...bodyOfExample('post /v1/auth/login'), password: 'not this one' } }
    },
  },
  {
    name: 'post /v1/api-keys',
    way: 'with the fifth wrong password',
    differ: async ({ user }) => {
      await failFourTimes(deps.counterKey('password', user.id))
      return { json: { ...bodyOfExample('post /v1/api-keys'), password: 'not this one' } }
    },
  },
  {
    name: 'post /v1/auth/login',
    way: 'where a second factor is asked for next',
    differ: async ({ user }) => {
      await rows.makeTotp(user.id)
    },
  },
  {
    name: 'post /v1/auth/reauthenticate',
    way: 'with a wrong code, where the session is locked out',
    differ: async ({ user, deviceToken }) => {
      await rows.makeTotp(user.id)
      const [sessionId = ''] = deviceToken.split('.')
      await sql`insert into lockouts (key, locked_until) values (${deps.counterKey('code-device', sessionId)}, now() + interval '1 hour')`
      return { json: { code: '000000' } }
    },
  },
  {
    name: 'post /v1/auth/passkey',
    way: 'with a copied passkey',
    differ: async ({ user }) => {
      await sql`update passkeys set sign_count = 1000 where account_id = ${user.id}`
    },
  },
  {
    name: 'post /v1/subscription',
    way: 'to a checkout',
    differ: async ({ user }) => {
      await sql`insert into trials (account_id, plan) select ${user.id}, name from subscription_plans`
    },
  },
  {
    name: 'delete /v1/subscription',
    way: 'where the provider refuses',
    differ: async ({ user }) => {
      await rows.makePaid(user.id)
    },
  },
  {
    name: 'post /v1/subscription',
    way: 'under an Idempotency-Key',
    differ: async () => ({ headers: { 'Idempotency-Key': 'late' } }),
  },
  {
    name: 'get /v1/auth/oidc/{provider}/callback',
    way: 'to add an identity',
    differ: async (session) => {
      const begun = await send('post /v1/me/identities/{provider}/start', session)
      const { pathname, search } = provider.back((await bodyOf<{ authorizationUrl: string }>(begun)).authorizationUrl)
      return { path: pathname + search }
    },
  },
]

/** Four failures in a row: another one starts a lockout. */
async function failFourTimes(key: Buffer): Promise<void> {
  await sql`
    insert into lockouts (key, failures, failures_in_a_row, last_failure_at)
    values (${key}, array_fill(clock_timestamp(), '{4}'), 4, clock_timestamp())
    on conflict (key) do update set failures = excluded.failures, failures_in_a_row = 4`
}

type Case = { title: string; name: string; whom: 'actor' | 'person'; differ?: Differ }

const isOfPerson = (name: string) => /\/admin\/users\/\{id\}|\/team\/members\//.test(name)
const cases: Case[] = [
  ...names
    .filter((name) => !name.startsWith('get ') && !(name in excused))
    .flatMap((name): Case[] => [
      ...(isOfPerson(name) ? [{ title: `${name}, of whom it is about`, name, whom: 'person' } as const] : []),
      { title: name, name, whom: 'actor' },
    ]),
  ...other.map(({ name, way, differ }): Case => ({ title: `${name} ${way}`, name, whom: 'actor', differ })),
]

let onTurn: (() => Promise<void>) | null = null
interceptTurns(app, async () => onTurn?.())

/** Erases an account but for the commit. */
function beginErasure(id: string) {
  const erased = Promise.withResolvers<void>()
  const mayCommit = Promise.withResolvers<void>()
  const committed = sql.begin(async (tx) => {
    const target = await lockToErase(tx, id)
    if (!target) return null
    await eraseForgotten(tx, deps, target)
    const left = await rowsOf(tx, id)
    erased.resolve()
    await mayCommit.promise
    return left
  })
  const done = Promise.race([erased.promise, committed]).catch(() => {})
  return { done, committed, commit: mayCommit.resolve }
}

/** Until a request has ended, or waits for a lock. */
async function endedOrWaiting(answering: Promise<unknown>): Promise<void> {
  let hasEnded = false
  const end = () => {
    hasEnded = true
  }
  answering.then(end, end)
  const isWaiting = async () => {
    const rows = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' limit 1`
    return rows.length > 0
  }
  await until(async () => hasEnded || (await isWaiting()), 20, 'the request ends, or waits for the erasure')
}

/**
 * Sends a request, and erases an account when the request comes to the database for the n-th time: the request goes on, up to its end or to
 * where it waits for the erasure, before that commits. @returns whether it came so often
 */
async function erasedAt(turn: number, { name, whom, differ }: Case): Promise<boolean> {
  const session = await prepare(name in unsendable ? 'get /v1/me' : name)
  const options = (await differ?.(session)) ?? {}
  const id = whom === 'actor' ? session.user.id : personId
  let turns = 0
  let erasure: ReturnType<typeof beginErasure> | undefined
  onTurn = async () => {
    if (++turns !== turn) return
    erasure = beginErasure(id)
    await erasure.done
  }
  const answering = send(name, session, options)
  await endedOrWaiting(answering).finally(() => erasure?.commit())
  const [left, answer] = await Promise.allSettled([erasure?.committed, answering])
  onTurn = null
  expect({ turn, ...answer }).toMatchObject({ status: 'fulfilled' })
  if (left.status === 'rejected') throw left.reason
  if (answer.status === 'fulfilled')
    expect([turn, answer.value.status < 500 || answer.value.status]).toEqual([turn, true])
  if (left.value) expect({ turn, ...(await rowsOf(sql, id)) }).toEqual({ turn, ...left.value })
  return erasure !== undefined
}

test.each(cases)('$title: leaves no row of an account that is erased meanwhile', async (one) => {
  let turn = 1
  while (await erasedAt(turn, one)) turn++
})
