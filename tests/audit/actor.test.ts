import { expect, test } from 'bun:test'
import { account, anonymous, operator, session } from '../../src/audit/actor.ts'
import { createAudit } from '../../src/audit/record.ts'

const audit = createAudit(['a key of the audit trail, only for these tests'], () => 1_800_000_000_000)
const origin = { ip: '192.0.2.7', userAgent: 'a browser', requestId: 'request-1' }
const [me, other] = ['0190a1b2-0000-7000-8000-000000000001', '0190a1b2-0000-7000-8000-000000000002']

test('what a person does to themself is erased with them, from where included', () => {
  const row = audit.row({ principal: { accountId: me }, origin }, 'session.create', session(other))
  expect(row).toMatchObject({
    actorId: me,
    accountId: me,
    entityType: 'session',
    entityId: other,
    requestId: 'request-1',
  })
  expect(JSON.parse(row.personal)).toEqual({ ip: origin.ip, userAgent: origin.userAgent })
})

test('what a person does to another: the place stays with the trail, the change goes with the other', () => {
  const row = audit.row({ principal: { accountId: me }, origin }, 'account.lock', account(other), {
    after: { reason: 'x' },
  })
  expect(row.accountId).toBeNull()
  expect(row.subject?.accountId).toBe(other)
})

test('an API key is named in the details, and no caller can name another', () => {
  const keyed = { principal: { accountId: me }, origin: { ...origin, apiKeyId: 'key-1' } }
  const row = audit.row(keyed, 'profile.update', account(me), { details: { fields: ['city'], apiKeyId: 'key-2' } })
  expect(JSON.parse(row.details)).toEqual({ fields: ['city'], apiKeyId: 'key-1' })
})

test('nobody signed in, and no request at all', () => {
  expect(audit.row(anonymous(origin), 'lockout.start', account(null))).toMatchObject({ actorId: null, entityId: null })
  const row = audit.row(operator, 'account.change_role', account(other))
  expect(row).toMatchObject({ actorId: null, requestId: null, accountId: other, personal: '{}' })
})
