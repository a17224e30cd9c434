import { describe, expect, test } from 'bun:test'
import { openApiDocument } from '../../src/ops/openapi.ts'
import type { InputDocument } from '../fuzz/attempts.ts'
import { givenAccount, goodPassword, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { everyRoute, good } from '../support/every-route.ts'
import { storedPasskey } from '../support/passkeys.ts'

/** Text that one reader or another would run. All of it is honest text too, and is kept as it came. */
const payloads = [
  "'; drop table user_accounts; --",
  "' or '1'='1",
  '100%_\\',
  '=cmd|"/c calc"!A0',
  '+1+1',
  '-2+3',
  '@SUM(1+1)',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'javascript:alert(1)//',
  '{{7*7}}#{7*7}<%= 7*7 %>',
  '\u0024{jndi:ldap://127.0.0.1/x}',
  '../../../../etc/passwd',
  '/a~1b/~0c',
  '%0d%0aBcc: x@evil.example',
  '$(id)`id`',
  'مرحبا "x" \\',
]
/** What no text that is shown may hold: it is refused, in each of these fields. */
const refused = ['\u001b[31mred', 'a\u0000b', '\u202Egnp.exe', '\u200B', '\u0085x', '\uD800']

/** Where texts are of one line, another line is refused too. */
const secondLine = 'a\r\nBcc: x@evil.example'

const app = await openTestApp({ LOG_LEVEL: 'trace', REQUIRE_EMAIL_VERIFICATION: 'false' })
const { request, sql } = app
const admin = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
const { accessToken: bearer } = await logIn(app, admin)
const person = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
const own = (await logIn(app, person)).accessToken
const passkeyId = await storedPasskey(app, person.id)
const slug = () => `x${Bun.randomUUIDv7().replaceAll('-', '')}`
let tier = 100
const isProse = (place: string) => /description|reason/.test(place)

/** Every place that keeps a text as somebody wrote it: how it is written, and where it is read again. */
const places: Record<string, (text: string) => Promise<Response>> = {
  'a first name': (text) => request('/v1/me', { method: 'PATCH', bearer: own, json: { firstName: text } }),
  'a last name': (text) => request('/v1/me', { method: 'PATCH', bearer: own, json: { lastName: text } }),
  'a name by an administrator': (text) =>
    request(`/v1/admin/users/${person.id}`, { method: 'PATCH', bearer, json: { lastName: text } }),
  'a passkey’s name': (text) =>
    request(`/v1/me/passkeys/${passkeyId}`, { method: 'PATCH', bearer: own, json: { name: text } }),
  'an API key’s name': (text) => {
    return request('/v1/api-keys', { bearer: own, json: { name: text, password: goodPassword } })
  },
  'a role’s description': (text) =>
    request('/v1/admin/roles', { bearer, json: { name: slug(), description: text, privilegeLevel: 5 } }),
  'a plan’s description': (text) =>
    request('/v1/admin/plans', { bearer, json: { name: slug(), displayName: 'x', description: text, tier: ++tier } }),
  'a plan’s name': (text) =>
    request('/v1/admin/plans', { bearer, json: { name: slug(), displayName: text, tier: ++tier } }),
  'a feature’s name': (text) =>
    request('/v1/admin/features', { bearer, json: { name: slug(), displayName: text, category: 'platform' } }),
  'an override’s reason': (text) =>
    request(`/v1/admin/users/${person.id}/features/sso_oauth`, {
      method: 'PUT',
      bearer,
      json: { granted: true, reason: text },
    }),
  'a grant’s reason': (text) =>
    request(`/v1/admin/users/${person.id}/subscription`, {
      method: 'PUT',
      bearer,
      json: { plan: 'enterprise', reason: text },
    }),
}

describe('text that a reader would run is kept as it came', () => {
  for (const [place, write] of Object.entries(places))
    test(`as ${place}`, async () => {
      for (const text of payloads) {
        const answer = await write(text)
        expect([text, answer.status < 300]).toEqual([text, true])
        if (!place.startsWith('a grant')) expect(Object.values(await bodyOf(answer))).toContain(text)
        await sql`delete from api_keys where account_id = ${person.id}`
      }
    })

  for (const [place, write] of Object.entries(places))
    test(`what misleads a reader is refused as ${place}`, async () => {
      for (const text of isProse(place) ? refused : [...refused, secondLine])
        expect([text, (await write(text)).status]).toEqual([text, 422])
    })
})

/** One person, named and written about in all of these texts. */
async function givenTold(): Promise<void> {
  await sql`update user_accounts set first_name = 'x', last_name = 'y' where id = ${person.id}`
  for (const text of payloads) {
    const headers = {
      'User-Agent': text.replace(/[^\x20-\x7e]/g, '?'),
      'X-Request-Id': text.replace(/[^\x20-\x7e]/g, '?'),
    }
    await request('/v1/me', { method: 'PATCH', bearer: own, json: { firstName: text, lastName: text }, headers })
    await request(`/v1/admin/users/${person.id}/features/sso_oauth`, {
      method: 'PUT',
      bearer,
      json: { granted: true, reason: text },
      headers,
    })
    await request('/v1/auth/login', { json: { email: person.email, password: text }, headers })
    await request(`/v1/plans/${encodeURIComponent(text)}`, { headers })
    await request('/v1/auth/password/forgot', { json: { email: person.email }, headers })
    await sql`delete from lockouts`
  }
}

describe('every reader shows it as text', () => {
  const told = givenTold()
  const read = async (path: string, by = bearer) => {
    await told
    const answer = await request(path, { bearer: by })
    expect([path, answer.status]).toEqual([path, 200])
    return answer.text()
  }

  test('CSV: no cell begins as a formula does', async () => {
    for (const path of [`/v1/admin/audit-logs?format=csv&resource=account`, '/v1/me/export?format=csv']) {
      const cells = cellsOf(await read(path, path.includes('export') ? own : bearer))
      expect(cells.length).toBeGreaterThan(100)
      expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-?\d+$/.test(cell))).toEqual([])
    }
  })

  test('NDJSON: each line is one object', async () => {
    const lines = (await read('/v1/admin/audit-logs?format=ndjson')).trimEnd().split('\n')
    for (const line of lines) expect(JSON.parse(line)).toBeObject()
  })

  test('JSON: searched for as it is, and nothing else is found by it', async () => {
    await told
    for (const text of payloads) {
      await request('/v1/me', { method: 'PATCH', bearer: own, json: { firstName: text } })
      const { items } = JSON.parse(await read(`/v1/admin/users?q=${encodeURIComponent(text)}`)) as { items: object[] }
      expect([text, items]).toEqual([text, [expect.objectContaining({ id: person.id, firstName: text })]])
    }
  })

  test('pages: it is escaped, and no script stands in them', async () => {
    for (const path of ['/dev/mail', '/problems', '/problems/not-found', '/account/reset-password', '/docs']) {
      const html = await read(path)
      for (const text of ['<script>alert', '<img src=x', 'onerror=alert(1)>']) expect(html).not.toContain(text)
    }
  })

  test('mails: names become neither HTML nor headers', async () => {
    await told
    const ids = await sql<{ id: string }[]>`select id from mail_outbox where account_id = ${person.id}`
    expect(ids).not.toBeEmpty()
    for (const { id } of ids) {
      const html = await read(`/dev/mail/${id}/html`)
      expect(html).not.toMatch(/<script|<img src=x|onerror=alert/i)
      expect(await read(`/dev/mail/${id}/text`)).not.toMatch(/\nBcc:/i)
    }
  })

  test('the log: one object a line, and no character that a terminal obeys', async () => {
    await told
    expect(app.lines.length).toBeGreaterThan(payloads.length)
    for (const line of app.lines) {
      expect(JSON.parse(line)).toBeObject()
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u)
    }
  })

  test('metrics: no label has it', async () => {
    const metrics = await read('/metrics')
    for (const text of payloads) expect(metrics).not.toContain(text.slice(0, 6))
  })
})

test('no member of any route runs as SQL, and none is a fault of ours', async () => {
  const { routes, send } = await everyRoute(app)
  const document = (await openApiDocument(app.app, 'http://localhost:3000')) as InputDocument
  const attacks = [
    "';select pg_sleep(30);--",
    "' or 1=1) returning *;--",
    "\\'; delete from roles; --",
    '$$;--',
    '{"$gt":""}',
    '%%%%',
  ]
  for (const { route, method, path, row } of routes) {
    const [, template = ''] = route.split(' ')
    const operation = document.paths[template.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
    const names = operation?.parameters?.filter((parameter) => parameter.in === 'query').map(({ name }) => name) ?? []
    for (const attack of attacks) {
      const encoded = encodeURIComponent(attack)
      const bodies = row.json
        ? Object.keys(good(row)).map((field) => JSON.stringify({ ...good(row), [field]: attack }))
        : []
      const sent = [
        ...bodies.map((body) => ({ method, path, body })),
        ...names.map((name) => ({ method: 'GET', path: `${path.split('?')[0]}?${name}=${encoded}` })),
        ...(template.includes(':')
          ? [{ method, path: template.replace(/:\w+/g, encoded), body: row.json && '{}' }]
          : []),
      ]
      for (const one of sent) {
        const { status } = await send(one)
        expect([route, attack, status < 500]).toEqual([route, attack, true])
      }
    }
  }
  const seeded = await sql`select 1 from roles where name in ('guest', 'user', 'subscriber', 'admin', 'superadmin')`
  expect(seeded).toHaveLength(5)
})

/** Letters that are several once they are normalised, put into lower case or encoded. */
const growing = ['\u0958', 'İ', '\u{1D160}', 'ﷺ']

test('a member at its longest, of letters that grow, is no fault of ours', async () => {
  const { routes, send } = await everyRoute(app)
  const faults: string[] = []
  for (const { route, method, path, row } of routes) {
    if (!row.json) continue
    for (const [field, honest] of Object.entries(good(row))) {
      // Bounds of texts are between 64 characters and 2,000; what is longer is refused.
      if (typeof honest !== 'string') continue
      const texts = growing.flatMap((letter) =>
        /^https?:/.test(honest)
          ? [500, 1_900].map((size) => `https://example.com/${letter.repeat(size / letter.length)}`)
          : [30, 100, 500].map((size) => letter.repeat(size / letter.length)),
      )
      for (const text of texts) {
        const { status } = await send({ method, path, body: JSON.stringify({ ...good(row), [field]: text }) })
        if (status >= 500) faults.push(`${route} ${field} ${text.slice(0, 24)}: ${status}`)
      }
    }
  }
  expect(faults).toEqual([])
})

/** The cells of a CSV text (RFC 4180). */
function cellsOf(text: string): string[] {
  return [...text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(?:,|\n)/g)].map(([, cell = '']) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  )
}
