import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ProblemCode } from '../src/errors/app-error.ts'
import type { Row } from './matrix-table.ts'
import { openTestApp } from './support/app.ts'
import { everyRoute, good, type Sent } from './support/every-route.ts'
import { withProviders } from './support/journeys.ts'
import { expectProblem } from './support/problems.ts'

/** Configured, so that its routes judge their input; nobody is asked. */
const provider = { id: 'google', displayName: 'Google', issuer: 'http://127.0.0.1:9', clientId: 'x' }
const app = await openTestApp(withProviders(provider))
const { routes, send } = await everyRoute(app)
const withBody = routes.filter(({ row }) => row.json)

/** A good body with more members than it should have, written by hand: JSON.stringify would tidy them up. */
function withMembers(row: Row, members: string): string {
  return `${JSON.stringify(good(row)).slice(0, -1)},${members}}`
}

const chunked = (text: string) => new Blob([text]).stream()

const bodies: Record<string, [(row: Row) => Sent['body'], ProblemCode]> = {
  nothing: [() => '', 'malformed-json'],
  'half a body': [(row) => JSON.stringify(good(row)).slice(0, -1), 'malformed-json'],
  'a trailing comma': [(row) => JSON.stringify(good(row)).replace('}', ',}'), 'malformed-json'],
  NaN: [() => '{"a":NaN}', 'malformed-json'],
  'a byte order mark': [(row) => `\uFEFF${JSON.stringify(good(row))}`, 'malformed-json'],
  'bytes that are not UTF-8': [
    () => new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    'malformed-json',
  ],
  'UTF-16': [(row) => new Uint8Array(Buffer.from(JSON.stringify(good(row)), 'utf16le')), 'malformed-json'],
  'a form': [() => 'email=a%40b.test&password=x', 'malformed-json'],
  'an array': [(row) => JSON.stringify([good(row)]), 'validation-failed'],
  null: [() => 'null', 'validation-failed'],
  'a string': [(row) => JSON.stringify(JSON.stringify(good(row))), 'validation-failed'],
  'an unknown member': [(row) => withMembers(row, '"isAdmin":true'), 'validation-failed'],
  'the prototype as a member': [(row) => withMembers(row, '"__proto__":{"role":"superadmin"}'), 'validation-failed'],
  'the prototype, escaped': [(row) => withMembers(row, '"\\u005f_proto__":{"role":"superadmin"}'), 'validation-failed'],
  'its constructor': [
    (row) => withMembers(row, '"constructor":{"prototype":{"role":"superadmin"}}'),
    'validation-failed',
  ],
  'a member twice': [(row) => withMembers(row, JSON.stringify(good(row)).slice(1, -1)), 'validation-failed'],
  '33 levels': [(row) => withMembers(row, `"a":${'['.repeat(33)}${']'.repeat(33)}`), 'validation-failed'],
  '20,000 levels': [() => '['.repeat(20_000) + ']'.repeat(20_000), 'validation-failed'],
  '1,001 members': [
    () => JSON.stringify(Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`k${i}`, 1]))),
    'validation-failed',
  ],
  'NUL in a string': [(row) => withMembers(row, '"a":"\\u0000"'), 'validation-failed'],
  'NUL in a name': [(row) => withMembers(row, '"\\u0000":1'), 'validation-failed'],
  'a lone surrogate': [(row) => withMembers(row, '"a":"\\ud800"'), 'validation-failed'],
  '64 KiB and one byte': [(row) => JSON.stringify(good(row)).padEnd(65_537), 'payload-too-large'],
  'the same in chunks, with no length announced': [
    (row) => chunked(JSON.stringify(good(row)).padEnd(65_537)),
    'payload-too-large',
  ],
}

describe('on every route that takes a body', () => {
  test('there are such routes', () => {
    expect(withBody.length).toBeGreaterThan(5)
  })

  for (const [name, [make, code]] of Object.entries(bodies))
    test(`${name} is ${code}`, async () => {
      for (const { method, path, row } of withBody)
        await expectProblem(await send({ method, path, body: make(row) }), code)
    })

  test('a media type that is not JSON, or an encoding, is unsupported', async () => {
    const headers: [string, string][] = [
      ['Content-Type', 'text/plain'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Content-Encoding', 'gzip'],
    ]
    for (const { method, path, row } of withBody)
      for (const [name, value] of headers) {
        const body = JSON.stringify(good(row))
        await expectProblem(await send({ method, path, body, headers: { [name]: value } }), 'unsupported-media-type')
      }
  })

  test('each member of another type is named in errors', async () => {
    for (const { route, method, path, row } of withBody)
      for (const [key, value] of Object.entries(good(row))) {
        const wrong = [{}, [[]], typeof value === 'number' ? 'x' : 1e308, typeof value === 'boolean' ? 1 : true].filter(
          (other) => typeof other !== typeof value || Array.isArray(other),
        )
        for (const other of Array.isArray(value) ? [{}, 1, 'x'] : wrong) {
          const problem = await expectProblem(
            await send({ method, path, body: JSON.stringify({ ...good(row), [key]: other }) }),
            'validation-failed',
          )
          expect([route, problem.errors?.[0]?.path.split('.')[0]]).toEqual([route, key])
        }
      }
  })

  test('a body of any shape is no fault of ours', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...withBody),
        fc.jsonValue(),
        fc.array(fc.tuple(fc.nat(5), fc.jsonValue()), { maxLength: 3 }),
        async ({ method, path, row }, value, edits) => {
          const keys = Object.keys(good(row))
          const edited = Object.fromEntries(edits.map(([at, member]) => [keys[at % keys.length], member]))
          for (const body of [value, { ...good(row), ...edited }]) {
            const { status } = await send({ method, path, body: JSON.stringify(body) })
            expect(status).toBeLessThan(500)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})
