import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

const admin = await signedIn(app, { role: 'admin' })

type Person = {
  id: string
  email: string
  createdAt: string
  lastLoginAt: string | null
  plan: { name: string }
  status: string
  role: string
}
type Page = { items: Person[]; nextCursor: string | null }

const ask = (query: string) => request(`/v1/admin/users?${query}`, { bearer: admin.bearer })

async function listed(query: string, limit = 100): Promise<Person[]> {
  const people: Person[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await ask(`${query}&limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`)
    expect(answer.status).toBe(200)
    const page: Page = await bodyOf(answer)
    people.push(...page.items)
    cursor = page.nextCursor
  }
  return people
}

const emails = async (q: string) => (await listed(`q=${encodeURIComponent(q)}`)).map(({ email }) => email).sort()

async function named(email: string, firstName: string, lastName: string) {
  const account = await givenAccount(app, { email })
  await sql`update user_accounts set first_name = ${firstName}, last_name = ${lastName} where id = ${account.id}`
  return account
}

await named('asha.iyer@clinic.example', 'Asha', 'Iyer')
await named('ravi_kapoor@clinic.example', 'Ravi', 'Kapoor')
await named('meera@50%off.example', 'Meera', "O'Brien")
await named('zo@elsewhere.example', 'Zoë', 'Ångström')
await named('kim@elsewhere.example', 'आशा', 'Ng')
// Two in the same microsecond, and many who never logged in: ties that a page must not lose.
await sql`update user_accounts set created_at = '2026-01-01 00:00:00.123456+00' where email like '%elsewhere.example' or email like '%clinic.example'`

describe('a list of people', () => {
  for (const sort of ['createdAt', '-createdAt', 'email', '-email', 'lastLoginAt', '-lastLoginAt'])
    test(`by ${sort} holds everybody once, in that order, in pages of any size`, async () => {
      const all = await listed(`sort=${sort}`)
      const [{ count } = { count: 0 }] = await sql<
        { count: number }[]
      >`select count(*)::int from user_accounts where status <> 'deleted'`
      expect(all).toHaveLength(count)
      expect(new Set(all.map(({ id }) => id)).size).toBe(count)
      const keys = all.map((person) =>
        String(
          sort.endsWith('email')
            ? person.email
            : sort.endsWith('createdAt')
              ? person.createdAt
              : (person.lastLoginAt ?? ''),
        ),
      )
      expect(keys).toEqual(sort.startsWith('-') ? [...keys].sort().reverse() : [...keys].sort())
      for (const limit of [1, 2, 3])
        expect((await listed(`sort=${sort}`, limit)).map(({ id }) => id)).toEqual(all.map(({ id }) => id))
    })

  test('is the newest first, unless said otherwise', async () => {
    expect(await listed('')).toEqual(await listed('sort=-createdAt'))
  })

  test('takes a cursor for the order it was made for only', async () => {
    const { nextCursor } = await bodyOf<Page>(await ask('limit=1&sort=email'))
    await expectProblem(await ask(`limit=1&sort=createdAt&cursor=${nextCursor}`), 'invalid-cursor')
    for (const cursor of ['x', '', btoa('[null,null]'), btoa(`["2026-01-01T00:00:00Z","${admin.id}","more"]`)])
      expect((await ask(`limit=1&sort=createdAt&cursor=${encodeURIComponent(cursor)}`)).status).toBe(422)
  })

  test('refuses an order, a filter or a page size that is not offered', async () => {
    for (const query of [
      'sort=password_hash',
      'sort=email;drop',
      'limit=0',
      'limit=101',
      'limit=1e1',
      'status=deleted',
      'offset=5',
      'sort=email&sort=email',
      'role=Admin',
    ])
      await expectProblem(await ask(query), 'validation-failed')
  })
})

describe('a search', () => {
  test('finds the beginning and any part of an address and of a name, in any case', async () => {
    for (const q of ['asha', 'ASHA.IYER', 'iyer@cl', 'Iyer', 'sha iy', 'as'])
      expect(await emails(q)).toEqual(['asha.iyer@clinic.example'])
    for (const q of ['ng', 'आश', 'Ki']) expect(await emails(q)).toEqual(['kim@elsewhere.example'])
    expect(await emails('z')).toEqual(['zo@elsewhere.example'])
    expect(await emails('clinic.example')).toEqual(['asha.iyer@clinic.example', 'ravi_kapoor@clinic.example'])
    expect(await emails("o'brien")).toEqual(['meera@50%off.example'])
    expect(await emails('zoë')).toEqual(['zo@elsewhere.example'])
    expect(await emails('ångström')).toEqual(['zo@elsewhere.example'])
    expect(await emails('आशा')).toEqual(['kim@elsewhere.example'])
    expect(await emails('nobody at all')).toEqual([])
  })

  test('takes what it is given literally: no wildcard, no escape', async () => {
    expect(await emails('50%')).toEqual(['meera@50%off.example'])
    expect(await emails('0%o')).toEqual(['meera@50%off.example'])
    expect(await emails('i_kap')).toEqual(['ravi_kapoor@clinic.example'])
    expect(await emails('ra_i')).toEqual([])
    for (const q of ['%', '_', '%%%', '\\', '\\%', '%@%', "' or 1=1 --", '@.']) expect(await emails(q)).toEqual([])
  })

  test('combines with every filter', async () => {
    const locked = await givenAccount(app, {
      plan: 'business',
      role: 'subscriber',
      status: 'locked',
      email: 'combined@clinic.example',
    })
    const found = await listed('q=combined&plan=business&role=subscriber&status=locked&sort=email')
    expect(found.map(({ id }) => id)).toEqual([locked.id])
    for (const other of ['plan=free', 'role=user', 'status=active', 'q=elsewhere'])
      expect(
        await listed(
          `q=combined&plan=business&role=subscriber&status=locked&${other}`.replace(/(\w+)=\w+&(?=.*\1=)/, ''),
        ),
      ).toEqual([])
  })

  test('stands in the trail, but not what was searched for', async () => {
    await ask('q=asha.iyer@clinic.example&status=active')
    const [line] = await sql`
      select l.actor_id, l.details, p.data::text as personal from audit_logs l join audit_personal p on p.audit_id = l.id
       where action = 'account.search' order by l.id desc limit 1`
    expect(line).toMatchObject({ actorId: admin.id, details: { status: 'active', searched: true } })
    expect(JSON.stringify(line)).not.toContain('asha')
  })
})
