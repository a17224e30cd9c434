import { expect, test } from 'bun:test'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'
import { chosenPassword, invitationSteps } from './invited.ts'

const app = await openTestApp({ CONSENT_DOCUMENTS: 'terms@2026-01!,newsletter@1' })
const { request, sql } = app
const { invited } = invitationSteps(app)
const admin = await signedIn(app, { role: 'admin' })

test('whoever accepts agrees to what is required, in the transaction that opens the account; the link stays until then', async () => {
  const { id, token } = await invited(admin.bearer)
  const accept = (consents?: object[]) =>
    request('/v1/auth/invitation/accept', { json: { token, password: chosenPassword, ...(consents && { consents }) } })
  const terms = { document: 'terms', version: '2026-01' }
  for (const consents of [undefined, [], [{ document: 'terms', version: '2025-01' }]]) {
    const problem = await expectProblem(await accept(consents), 'validation-failed')
    expect(problem.errors?.map(({ path }) => path)).toContain('consents')
  }
  expect(await sql`select 1 from consents where account_id = ${id}`).toHaveLength(0)
  const agreed = [terms, { document: 'newsletter', version: '1' }]
  const answer = await accept(agreed)
  expect(answer.status).toBe(200)
  const { user, accessToken: bearer } = await bodyOf<SessionJson>(answer)
  expect(user).toMatchObject({ id, consentsDue: [] })
  const ledger = await bodyOf<{ items: object[] }>(await request('/v1/me/consents', { bearer }))
  expect(ledger.items).toHaveLength(2)
  const [row] = await sql<{ details: object }[]>`
    select details from audit_logs where action = 'invitation.accept' and entity_id = ${id}`
  expect(row?.details).toMatchObject({ consents: agreed })
})
