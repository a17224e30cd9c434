import { describe, expect, test } from 'bun:test'
import { newEmail, registered } from './support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from './support/app.ts'
import { expectProblem } from './support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
type User = SessionJson['user']

const names = [
  "O'Brien; select",
  '<b>',
  '<script>alert(1)</script>',
  "'; drop table user_accounts; --",
  'आशा क्षितिज',
  'क्‍ष',
  '👩‍👩‍👧‍👦',
  'سارة',
  'שָׂרָה',
  'Nguyễn Thị Ánh',
  '李小龍',
  'Zoë  van   der "Berg" \\ %_',
  '{{7*7}} #{7*7} {"$gt":""}',
  '=1+1',
  'null',
  '../../etc/passwd',
  'a'.repeat(100),
  '😀'.repeat(100),
]

describe('what people are called is kept as it came', () => {
  for (const name of names)
    test(JSON.stringify(name).slice(0, 60), async () => {
      const person = await registered(app, { firstName: name, lastName: name })
      expect([person.user.firstName, person.user.lastName]).toEqual([name, name])
      const read = await bodyOf<User>(await request('/v1/me', { bearer: person.accessToken }))
      expect(read.firstName).toBe(name)
      const changed = await bodyOf<User>(
        await request('/v1/me', {
          method: 'PATCH',
          bearer: person.accessToken,
          json: { firstName: 'x', lastName: name },
        }),
      )
      expect(changed).toMatchObject({ firstName: 'x', lastName: name })
      const [row] = await sql`select last_name from user_accounts where id = ${person.id}`
      expect(row?.lastName).toBe(name)
      expect(JSON.stringify(await bodyOf(await request('/v1/me/export', { bearer: person.accessToken })))).toContain(
        JSON.stringify(name).slice(1, -1),
      )
    })

  test('but for the spaces around it', async () => {
    expect((await registered(app, { firstName: '  Asha Rao \u3000' })).user.firstName).toBe('Asha Rao')
  })
})

describe('what misleads the eye is refused', () => {
  const hidden = [
    '\u0000',
    '\u0007',
    '\u001b[31m',
    '\r\nX',
    '\u0085',
    '\u061C',
    '\u200B',
    '\u200E',
    '\u200F',
    '\u202E',
    '\u2066',
    '\u2069',
    '\u2060',
    '\uFEFF',
    '\u2028',
    '\uD800',
  ]
  for (const text of hidden)
    test(`${JSON.stringify(text).slice(1, -1)} U+${text.charCodeAt(0).toString(16)} in names and e-mails`, async () => {
      const json = { email: newEmail(), password: 'correct horse battery staple' }
      await expectProblem(
        await request('/v1/auth/register', { json: { ...json, firstName: `As${text}ha` } }),
        'validation-failed',
      )
      await expectProblem(
        await request('/v1/auth/register', { json: { ...json, email: `as${text}ha@people.test` } }),
        'validation-failed',
      )
      const { accessToken } = await registered(app)
      await expectProblem(
        await request('/v1/me', { method: 'PATCH', bearer: accessToken, json: { lastName: `${text}Rao` } }),
        'validation-failed',
      )
    })
})

describe('passwords', () => {
  const login = (email: string, password: string) => request('/v1/auth/login', { json: { email, password } })
  const accepted = [
    'पासवर्ड बहुत लंबा है',
    '🐢🐢🐢 slow and steady 🐢',
    'it\'s; drop table -- "q"',
    '   spaces all around   ',
    'Ⅻ ﬁne ligatures Å',
    Array.from({ length: 100 }, (_, i) => ((i * 7_919) % 1_291).toString(36).padStart(2, '-')).join(''),
    'tab\tand\nnewline inside',
  ]
  for (const password of accepted)
    test(`${JSON.stringify(password).slice(0, 40)} is one, to the letter`, async () => {
      const { email } = await registered(app, { password })
      expect((await login(email, password)).status).toBe(200)
      expect((await login(email, password.normalize('NFD'))).status).toBe(200)
      for (const other of [
        [...password].slice(0, -1).join(''),
        `${password}x`,
        password.toUpperCase() === password ? password.toLowerCase() : password.toUpperCase(),
        password.trim(),
      ])
        if (other !== password && other.normalize('NFKC') !== password.normalize('NFKC'))
          await expectProblem(await login(email, other), 'invalid-credentials')
    })
})
