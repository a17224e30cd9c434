import { afterEach, describe, expect, test } from 'bun:test'
import { hold, outsideOf, waiter } from '../jobs/locks.ts'
import { newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { begin, beginLink, comeBack, returnTo, withProviders } from '../support/journeys.ts'
import { openLyingProvider } from '../support/lying-provider.ts'
import { expectProblem } from '../support/problems.ts'

const idp = await openLyingProvider()
const app = await openTestApp(
  withProviders({ id: 'clinic', displayName: 'Clinic', issuer: idp.issuer, clientId: 'manas', trustEmail: true }),
)
const { request, sql } = app
const outside = outsideOf(app)
afterEach(() => idp.behave())

const many = 50
const times = <T>(work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: many }, (_, i) => work(i)))
const exchange = (json: object) => request('/v1/auth/oidc/exchange', { json })

async function newCode(claims: Record<string, unknown>) {
  idp.lies.claims = claims
  const { authorizationUrl, codeVerifier } = await begin(app, 'clinic')
  const { code = '' } = await comeBack(app, idp.back(authorizationUrl))
  return { code, codeVerifier }
}

const person = () => ({ sub: Bun.randomUUIDv7(), email: newEmail() })

test('of 50 parallel returns with one state one gets a code, and the provider is asked once', async () => {
  idp.lies.claims = person()
  const { authorizationUrl } = await begin(app, 'clinic')
  const back = idp.back(authorizationUrl)
  const before = idp.asked('/token')
  const ends = await times(() => comeBack(app, back))
  expect(ends.filter(({ code }) => code)).toHaveLength(1)
  expect(ends.filter(({ error }) => error === 'expired')).toHaveLength(many - 1)
  expect(idp.asked('/token') - before).toBe(1)
})

describe('of 50 parallel exchanges of one code one opens a session:', () => {
  test('of somebody new, who gets one account', async () => {
    const who = person()
    const shown = await newCode(who)
    const answers = await times(() => exchange(shown))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(many - 1).fill(401)])
    const rows =
      await sql`select count(*)::int as accounts, (select count(*)::int from sessions where account_id = min(a.id::text)::uuid) as sessions
      from user_accounts a where email = ${who.email}`
    expect(rows[0]).toEqual({ accounts: 1, sessions: 1 })
  })

  test('of somebody known', async () => {
    const who = person()
    const { user } = await bodyOf<SessionJson>(await exchange(await newCode(who)))
    const shown = await newCode(who)
    const answers = await times(() => exchange(shown))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await sql`select 1 from sessions where account_id = ${user.id}`).toHaveLength(2)
  })

  test('of an identity that is added', async () => {
    const { accessToken: bearer, id } = await registered(app)
    idp.lies.claims = person()
    const { authorizationUrl, codeVerifier } = await beginLink(app, 'clinic', bearer)
    const { code } = await comeBack(app, idp.back(authorizationUrl))
    const answers = await times(() => request('/v1/me/identities', { bearer, json: { code, codeVerifier } }))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(await sql`select 1 from identities where account_id = ${id}`).toHaveLength(1)
  })
})

test('ten codes of one new person, exchanged at once, lead into one account', async () => {
  const who = person()
  const codes = []
  for (let i = 0; i < 10; i++) codes.push(await newCode(who))
  const answers = await Promise.all(codes.map((shown) => exchange(shown)))
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
  const ids = await Promise.all(answers.map(async (answer) => (await bodyOf<SessionJson>(answer)).user.id))
  expect(new Set(ids).size).toBe(1)
  expect(await sql`select 1 from identities where subject = ${who.sub}`).toHaveLength(1)
})

test('two accounts that add one identity at once: one gets it', async () => {
  const [a, b] = await Promise.all([registered(app), registered(app)])
  idp.lies.claims = person()
  const shown = []
  for (const { accessToken: bearer } of [a, b]) {
    const { authorizationUrl, codeVerifier } = await beginLink(app, 'clinic', bearer)
    const { code } = await comeBack(app, idp.back(authorizationUrl))
    shown.push({ bearer, json: { code, codeVerifier } })
  }
  const answers = await Promise.all(shown.map((one) => request('/v1/me/identities', one)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
})

describe('what is changed while a code is exchanged counts:', () => {
  /** The answer to an exchange that waits for the account's row until a change of it is committed. */
  async function exchangedDuring(change: string, shown: object): Promise<Response> {
    const letGo = await hold(outside, change)
    const answer = exchange(shown)
    await waiter(outside)
    await letGo()
    return answer
  }

  test('an identity that is removed opens nothing', async () => {
    const owner = await registered(app)
    idp.lies.claims = person()
    const { authorizationUrl, codeVerifier } = await beginLink(app, 'clinic', owner.accessToken)
    const { code } = await comeBack(app, idp.back(authorizationUrl))
    await request('/v1/me/identities', { bearer: owner.accessToken, json: { code, codeVerifier } })
    const shown = await newCode(idp.lies.claims)
    const change = `
      with locked as (select id from user_accounts where id = '${owner.id}' for no key update)
      delete from identities where account_id in (select id from locked)`
    const { user } = await bodyOf<SessionJson>(await exchangedDuring(change, shown))
    // Nobody has the identity or its address any more: it is somebody new.
    expect(user.id).not.toBe(owner.id)
  })

  test('a second factor that is added is asked for', async () => {
    const who = person()
    const { user } = await bodyOf<SessionJson>(await exchange(await newCode(who)))
    const change = `update user_accounts set second_factors = '{totp}' where id = '${user.id}'`
    expect((await exchangedDuring(change, await newCode(who))).status).toBe(202)
  })

  test('an account that its address would have joined gets a second factor first', async () => {
    const owner = await registered(app)
    await sql`update user_accounts set email_verified_at = now() where id = ${owner.id}`
    const shown = await newCode({ sub: Bun.randomUUIDv7(), email: owner.email })
    const change = `update user_accounts set second_factors = '{totp}' where id = '${owner.id}'`
    await expectProblem(await exchangedDuring(change, shown), 'identity-conflict')
  })
})

describe('what is kept stays bounded', () => {
  test('beginning stores nothing', async () => {
    const rows = () =>
      sql`select (select count(*) from oidc_spent_states)::int as states, (select count(*) from oidc_codes)::int as codes`
    const [before] = await rows()
    await times(() => begin(app, 'clinic'))
    expect(await rows()).toEqual([before] as never)
  })

  test('states and codes that have expired go as new ones come', async () => {
    await sql`update oidc_spent_states set expires_at = now() - interval '1 second'`
    await sql`insert into oidc_spent_states (id, expires_at) select gen_random_uuid(), now() - interval '1 minute' from generate_series(1, 25)`
    await sql`
      insert into oidc_codes (id, code_hash, provider, issuer, subject, code_challenge, profile, expires_at)
      select gen_random_uuid(), sha256(i::text::bytea), 'x', 'x', 'x', repeat('x', 43), '', now() - interval '1 minute' from generate_series(1, 25) i`
    const stale = async () => {
      const [row] = await sql<{ states: number; codes: number }[]>`
        select (select count(*) from oidc_spent_states where expires_at <= now())::int as states,
               (select count(*) from oidc_codes where expires_at <= now())::int as codes`
      return (row?.states ?? 0) + (row?.codes ?? 0)
    }
    for (let before = await stale(); before > 0; ) {
      await newCode(person())
      const after = await stale()
      expect(after).toBeLessThan(before)
      before = after
    }
  })
})

test('nothing that a state or a code says can be read in the database, and neither is in the log', async () => {
  const who = person()
  const { code } = await newCode(who)
  const dump = await sql<{ row: string }[]>`select c::text as row from oidc_codes c where expires_at > now()`
  expect(dump.length).toBeGreaterThan(0)
  for (const { row } of dump) {
    expect(row).not.toContain(code)
    expect(row).not.toContain(Buffer.from(who.email).toString('hex'))
    expect(row).not.toContain(who.email)
  }
  const { authorizationUrl } = await begin(app, 'clinic')
  const state = new URL(authorizationUrl).searchParams.get('state') ?? ''
  expect(Buffer.from(state, 'base64url').toString('latin1')).not.toContain(returnTo)
  const log = app.lines.join('\n')
  for (const secret of [code, state, who.email, who.sub]) expect(log).not.toContain(secret)
})
