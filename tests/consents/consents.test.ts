import { describe, expect, test } from 'bun:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { recordConsents, requireConsents } from '../../src/consents/agreements.ts'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ CONSENT_DOCUMENTS: 'terms@2026-01!, privacy@3!,newsletter@2' })
const { request, sql, deps } = app

const terms = { document: 'terms', version: '2026-01' }
const privacy = { document: 'privacy', version: '3' }
const newsletter = { document: 'newsletter', version: '2' }
const required = [terms, privacy]

type Consent = { id: string; document: string; version: string; granted: boolean; at: string }
type User = { consentsDue: { document: string; version: string }[] }

const give = (bearer: string, json: object, headers: Record<string, string> = {}) =>
  request('/v1/me/consents', { bearer, json, headers })
const ledgerOf = async (bearer: string) =>
  (await bodyOf<{ items: Consent[] }>(await request('/v1/me/consents', { bearer }))).items
const dueOf = async (bearer: string) => (await bodyOf<User>(await request('/v1/me', { bearer }))).consentsDue
const actionsOf = (accountId: string) =>
  sql<{ action: string; details: object }[]>`
    select action, details from audit_logs where actor_id = ${accountId} and action like 'consent.%' order by id`

describe('an account begins with the consents that are required', () => {
  test('and its ledger, its own row and the trail say so', async () => {
    const { id, user, accessToken } = await registered(app, { consents: [...required, newsletter] })
    expect((user as unknown as User).consentsDue).toEqual([])
    const ledger = await ledgerOf(accessToken)
    expect(ledger.map(({ document, version, granted }) => `${document}@${version} ${granted}`).sort()).toEqual([
      'newsletter@2 true',
      'privacy@3 true',
      'terms@2026-01 true',
    ])
    const [row] = await sql<{ consents: object }[]>`select consents from user_accounts where id = ${id}`
    expect(row?.consents).toEqual({ terms: '2026-01', privacy: '3', newsletter: '2' })
    const [entry] = await sql<{ details: object }[]>`
      select details from audit_logs where entity_id = ${id} and action = 'account.create'`
    expect(entry?.details).toMatchObject({ consents: [...required, newsletter] })
  })

  const refused: [string, object[] | undefined, string[]][] = [
    ['none', undefined, ['consents required', 'consents required']],
    ['one of two', [terms], ['consents required']],
    ['an earlier version', [terms, { document: 'privacy', version: '2' }], ['consents required', 'consents.1 unknown']],
    ['an unknown document', [...required, { document: 'cookies', version: '1' }], ['consents.2 unknown']],
    ['a document twice', [...required, terms], ['consents.2 duplicate']],
    ['a name of the language', [...required, { document: 'constructor', version: '1' }], ['consents.2 unknown']],
  ]
  test.each(refused)('%s is refused, and nobody is made', async (_, consents, errors) => {
    const json = { email: newEmail(), password: goodPassword, ...(consents && { consents }) }
    const problem = await expectProblem(await request('/v1/auth/register', { json }), 'validation-failed')
    expect(problem.errors?.map(({ path, code }) => `${path} ${code}`).sort()).toEqual(errors)
    expect(await sql`select 1 from user_accounts where email = ${json.email}`).toHaveLength(0)
  })

  test('a list beyond its bound is refused before it is looked at', async () => {
    const json = { email: newEmail(), password: goodPassword, consents: Array.from({ length: 21 }, () => terms) }
    const problem = await expectProblem(await request('/v1/auth/register', { json }), 'validation-failed')
    expect(problem.errors?.map(({ path }) => path)).toEqual(['consents'])
  })

  test('where addresses must be verified, too', async () => {
    const verifying = await openTestApp({ CONSENT_DOCUMENTS: 'terms@1!', REQUIRE_EMAIL_VERIFICATION: 'true' })
    const json = { email: newEmail(), password: goodPassword }
    await expectProblem(await verifying.request('/v1/auth/register', { json }), 'validation-failed')
    const consents = [{ document: 'terms', version: '1' }]
    expect((await verifying.request('/v1/auth/register', { json: { ...json, consents } })).status).toBe(202)
    // Whoever has the address already agreed to nothing by somebody else's attempt.
    expect((await verifying.request('/v1/auth/register', { json: { ...json, consents } })).status).toBe(202)
    const rows = await verifying.sql<{ consents: object; lines: number; details: object }[]>`
      select a.consents, (select count(*)::int from consents c where c.account_id = a.id) as lines, l.details
        from user_accounts a join audit_logs l on l.entity_id = a.id::text and l.action = 'account.create' where email = ${json.email}`
    expect([...rows]).toEqual([{ consents: { terms: '1' }, lines: 1, details: { consents } }])
  })
})

test('one who was there before hears at log-in, refresh and in /v1/me what waits for agreement, until it is given', async () => {
  const person = await givenAccount(app)
  const session = await logIn(app, person)
  const bearer = session.accessToken
  expect((session.user as unknown as User).consentsDue).toEqual(required)
  await give(bearer, { ...terms, granted: true })
  const refreshed = await bodyOf<SessionJson>(
    await request('/v1/auth/refresh', { json: { refreshToken: session.refreshToken } }),
  )
  expect((refreshed.user as unknown as User).consentsDue).toEqual([privacy])
  await give(bearer, { ...privacy, granted: true })
  expect(await dueOf(bearer)).toEqual([])
  // A new version of a document makes it due again; what is not required never is.
  await sql`update user_accounts set consents = consents || '{"privacy":"2"}' where id = ${person.id}`
  expect(await dueOf(bearer)).toEqual([privacy])
})

describe('the ledger', () => {
  test('keeps every line, newest first, and each is audited', async () => {
    const { id, accessToken: bearer } = await registered(app, { consents: required })
    const answer = await give(bearer, { ...newsletter, granted: true })
    expect([answer.status, answer.headers.get('location')]).toEqual([201, '/v1/me/consents'])
    expect(await bodyOf<Consent>(answer)).toMatchObject({ ...newsletter, granted: true })
    expect((await give(bearer, { ...newsletter, granted: false })).status).toBe(201)
    expect((await give(bearer, { ...terms, granted: false })).status).toBe(201)
    expect(await dueOf(bearer)).toEqual([terms])
    const lines = await ledgerOf(bearer)
    expect(lines.slice(0, 3).map(({ document, granted }) => `${document} ${granted}`)).toEqual([
      'terms false',
      'newsletter false',
      'newsletter true',
    ])
    expect(lines).toHaveLength(5)
    expect([...(await actionsOf(id))]).toEqual([
      { action: 'consent.grant', details: newsletter },
      { action: 'consent.withdraw', details: newsletter },
      { action: 'consent.withdraw', details: terms },
    ])
    expect(await verifyAudit(deps, null)).toMatchObject({ ok: true })
  })

  test('is a list by pages', async () => {
    const { accessToken: bearer } = await registered(app, { consents: [...required, newsletter] })
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const path = `/v1/me/consents?limit=2${cursor && `&cursor=${cursor}`}`
      const page: { items: Consent[]; nextCursor: string | null } = await bodyOf(await request(path, { bearer }))
      seen.push(...page.items.map(({ document }) => document))
      cursor = page.nextCursor
    }
    expect(seen.sort()).toEqual(['newsletter', 'privacy', 'terms'])
  })

  test.each([
    { document: 'cookies', version: '1', granted: true },
    { document: 'terms', version: '2025-01', granted: true },
    { document: 'cookies', version: '1', granted: false },
    { document: 'terms', version: '2025-01', granted: false },
  ])('takes no unknown document or version: %p', async (json) => {
    const { id, accessToken } = await registered(app, { consents: required })
    const problem = await expectProblem(await give(accessToken, json), 'validation-failed')
    expect(problem.errors?.map(({ path, code }) => `${path} ${code}`)).toEqual(['version unknown'])
    expect([await ledgerOf(accessToken).then(({ length }) => length), (await actionsOf(id)).length]).toEqual([2, 0])
  })

  test('whoever agreed to an earlier version can withdraw it: by its own name, or by that in force', async () => {
    const [earlier, later] = [
      await registered(app, { consents: required }),
      await registered(app, { consents: required }),
    ]
    for (const { id } of [earlier, later])
      await sql`update user_accounts set consents = consents || '{"newsletter":"1"}' where id = ${id}`
    const ofEarlier = { document: 'newsletter', version: '1', granted: false }
    await expectProblem(await give(earlier.accessToken, { ...ofEarlier, granted: true }), 'validation-failed')
    expect((await give(earlier.accessToken, ofEarlier)).status).toBe(201)
    await expectProblem(await give(earlier.accessToken, ofEarlier), 'validation-failed')
    expect((await give(later.accessToken, { ...newsletter, granted: false })).status).toBe(201)
    const rows =
      await sql`select 1 from user_accounts where id in ${sql([earlier.id, later.id])} and consents ? 'newsletter'`
    expect(rows).toHaveLength(0)
  })

  test('a request that is sent again under its Idempotency-Key adds one line', async () => {
    const { accessToken } = await registered(app, { consents: required })
    const headers = { 'Idempotency-Key': 'agreed once' }
    const first = await bodyOf<Consent>(await give(accessToken, { ...newsletter, granted: true }, headers))
    expect(await bodyOf<Consent>(await give(accessToken, { ...newsletter, granted: true }, headers))).toEqual(first)
    expect(await ledgerOf(accessToken)).toHaveLength(3)
  })

  test('of 16 at once each is kept, and the last one counts', async () => {
    const { id, accessToken } = await registered(app, { consents: required })
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) => give(accessToken, { ...newsletter, granted: i % 2 === 0 })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(201))
    const [row] = await sql<{ consents: Record<string, string> }[]>`select consents from user_accounts where id = ${id}`
    const [last] = await sql<{ granted: boolean }[]>`
      select granted from consents where account_id = ${id} and document = 'newsletter' order by at desc limit 1`
    expect([row?.consents.newsletter !== undefined]).toEqual([last?.granted as boolean])
    expect((await ledgerOf(accessToken)).filter(({ document }) => document === 'newsletter')).toHaveLength(16)
  })

  test('nobody writes to that of another, and a token of an account that is locked writes none', async () => {
    const [asha, ben] = [await registered(app, { consents: required }), await registered(app, { consents: required })]
    await give(asha.accessToken, { ...newsletter, granted: true })
    expect(await ledgerOf(ben.accessToken)).toHaveLength(2)
    // As a request that passed its guard before the lock was committed.
    await sql`update user_accounts set status = 'locked' where id = ${asha.id}`
    await expectProblem(await give(asha.accessToken, { ...newsletter, granted: false }), 'account-disabled')
    expect(await sql`select 1 from consents where account_id = ${asha.id}`).toHaveLength(3)
  })

  test('is append-only, but for an account that is erased', async () => {
    const { id } = await registered(app, { consents: required })
    const refusal = (statement: string) =>
      sql.unsafe(statement).then(
        () => 'allowed',
        (error: { constraint_name?: string }) => error.constraint_name ?? String(error),
      )
    for (const statement of [
      `update consents set granted = false where account_id = '${id}'`,
      `update consents set at = at where account_id = '${id}'`,
      `delete from consents where account_id = '${id}'`,
      'truncate consents',
    ])
      expect([statement, await refusal(statement)]).toEqual([statement, 'consents_append_only'])
  })

  test('is judged once for all rows of an erasure, and one row of somebody else holds them all', async () => {
    const [erased, other] = [
      await registered(app, { consents: required }),
      await registered(app, { consents: required }),
    ]
    const undo = new Error('undone')
    const lines: string[] = []
    const deletion = (accounts: string[]) =>
      sql.begin(async (tx) => {
        await tx`
          update user_accounts set status = 'deleted', deleted_at = clock_timestamp(), email = null, password_hash = null, consents = '{}' where id = ${erased.id}`
        const plan = await tx<
          { 'QUERY PLAN': string }[]
        >`explain (analyze) delete from consents where account_id in ${tx(accounts)}`
        lines.push(...plan.map((line) => line['QUERY PLAN']))
        throw undo
      })
    await expect(deletion([erased.id])).rejects.toBe(undo)
    expect(lines.filter((line) => line.startsWith('Trigger'))).toEqual([
      expect.stringMatching(/^Trigger append_only_delete: .*calls=1$/),
    ])
    await expect(deletion([erased.id, other.id])).rejects.toMatchObject({ constraint_name: 'consents_append_only' })
  })

  test('is in the export, and goes with the person; the evidence stays in the trail, with no more than an id', async () => {
    const { id, accessToken: bearer } = await registered(app, { consents: [...required, newsletter] })
    await give(bearer, { ...newsletter, granted: false })
    const data = await bodyOf<{ consents: Omit<Consent, 'id'>[] }>(await request('/v1/me/export', { bearer }))
    expect(data.consents).toHaveLength(4)
    expect(data.consents).toContainEqual({ ...newsletter, granted: false, at: expect.any(String) })
    const erasure = await request('/v1/me', { method: 'DELETE', bearer, json: { password: goodPassword } })
    expect(erasure.status).toBe(204)
    expect(await sql`select 1 from consents where account_id = ${id}`).toHaveLength(0)
    const [row] = await sql<{ consents: object }[]>`select consents from user_accounts where id = ${id}`
    expect(row?.consents).toEqual({})
    expect([...(await actionsOf(id))]).toEqual([{ action: 'consent.withdraw', details: newsletter }])
    const evidence = await sql`
      select 1 from audit_logs where entity_id = ${id} and action = 'account.create' and details::jsonb -> 'consents' @> ${JSON.stringify([terms])}::text::jsonb`
    expect(evidence).toHaveLength(1)
  })
})

test('an account that is there already, as one that accepts an invitation, is given its consents in the transaction that opens it', async () => {
  const { id } = await givenAccount(app)
  const { consentDocuments } = deps.config
  await sql.begin((tx) => recordConsents(tx, id, requireConsents(consentDocuments, [...required, newsletter])))
  expect(await sql`select 1 from consents where account_id = ${id} and granted`).toHaveLength(3)
  const [row] = await sql<{ consents: object }[]>`select consents from user_accounts where id = ${id}`
  expect(row?.consents).toEqual({ terms: '2026-01', privacy: '3', newsletter: '2' })
})

test('the page on which an invitation is accepted asks for each document', async () => {
  const html = await (await request('/account/accept-invitation')).text()
  expect(html).toContain('<label for="consent-0">terms (2026-01), required</label>')
  expect(html).toContain('<label for="consent-2">newsletter (2)</label>')
})
