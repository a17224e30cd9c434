import { expect, test } from 'bun:test'
import { dereference, type Schema, validate } from '@cfworker/json-schema'
import { uniqueSymbol } from 'hono-openapi'
import { openApiDocument } from '../src/ops/openapi.ts'
import { openTestApp } from './support/app.ts'

type Media = Record<string, { schema: Schema; example?: Record<string, unknown> }>
type Operation = {
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[]
  requestBody?: { content: Media }
}
type Document = { paths: Record<string, Record<string, Operation>> }
type Result = { issues?: { message: string }[] }
type Judge = { target: string; validate: (body: unknown) => Result | Promise<Result> }

const { app } = await openTestApp()
const document = structuredClone(await openApiDocument(app, 'http://localhost')) as Document
const lookup = dereference({ ...document, $id: 'http://document/' } as unknown as Schema)

/** The schemas that routes judge their input by, by route. */
const bodies = app.routes.flatMap(({ method, path, handler }) => {
  const judge = (handler as unknown as Record<symbol, Judge | undefined>)[uniqueSymbol]
  if (judge?.target !== 'json') return []
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
  const media = operation?.requestBody?.content['application/json']
  return media?.example ? [{ name: `${method} ${path}`, judge, schema: media.schema, example: media.example }] : []
})

const long = (length: number, letter = 'a') => letter.repeat(length)
/** What a member might hold: of each type, at each bound, and as people write it. */
const values = [
  ...[null, true, false, [], {}, ['x'], [null], { a: 1 }],
  ...[0, 1, -1, 0.5, 10, 100, 101, 366, 1000, 1001, 1_000_001, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e21, -0],
  ...['', ' ', 'a', 'A', 'Zoë', ' a ', '\ta\n', 'a\u0000', 'a\u200Bb', 'a\u202Eb', 'आशा', '😀', '-', '_', '7'],
  ...[1, 34, 35, 36, 62, 63, 64, 65, 99, 100, 101, 256, 257, 500, 501, 1_000, 1_001].map((length) => long(length)),
  ...[100, 101, 256, 257].map((length) => long(length, '😀')),
  ...[
    'asha@example.com',
    'ASHA@Example.COM',
    ' asha@example.com ',
    'asha@bücher.example',
    'आशा@उदाहरण.भारत',
    'a@b',
    'a@b.c',
  ],
  ...[
    'a@b.co',
    '@b.co',
    'a@',
    'a@b@c.de',
    'a b@c.de',
    '"a b"@c.de',
    'a..b@c.de',
    '.a@c.de',
    'a@-b.de',
    'a@1.2.3.4',
    'a+b@c.de',
  ],
  ...[`${long(64)}@example.com`, `${long(65)}@example.com`, `a@${long(63)}.com`, `a@${long(64)}.com`],
  ...[
    '+14155550100',
    '14155550100',
    '+1 (415) 555-01.00',
    '0123456',
    '+1',
    '+1234567890123456',
    '12345',
    '123456',
    '++1415555',
    '(+1) 4155550100',
  ],
  ...['en', 'hi-IN', 'EN-us', 'en_US', 'x', 'zh-Hant-TW', 'de-DE-u-co-phonebk', 'en-', 'english-language'],
  ...['UTC', 'Asia/Kolkata', 'asia/kolkata', 'Etc/GMT+5', '+05:30', 'Mars/Olympus', 'America/Argentina/Buenos_Aires'],
  ...[
    'professional',
    'premium_dashboard',
    'constructor',
    '1st',
    'a-b',
    'profile.read',
    'profile',
    'a.b.c',
    'USD',
    'usd',
    'US',
    'XXX',
  ],
  ...[
    '2026-01-31T09:30:00Z',
    '2026-01-31T09:30:00+05:30',
    '2026-01-31T09:30Z',
    '2026-01-31 09:30:00Z',
    '2026-01-31',
    '1999-12-31T23:59:59Z',
  ],
  ...[
    '2100-12-31T23:59:59.999Z',
    '2101-01-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-01-31T09:30:00',
    '2099-12-31T23:59:59.123456789Z',
  ],
  ...[
    '10.0.0.0/8',
    '10.1.2.3',
    '2001:db8::/32',
    '::1',
    '10.0.0.0/33',
    '0.0.0.0/0',
    '::/0',
    '::ffff:10.0.0.0/104',
    '10.0.0',
    'example.com',
  ],
  ...['month', 'year', 'week'],
]

/** What no schema can say: whether a zone exists, and what two members mean together. */
const lookUps = [
  'Send an IANA time zone such as Asia/Kolkata.',
  'Give both prices, or neither for a plan by quote.',
  'This would let everybody in; leave ipRanges out for that.',
]

for (const { name, judge, schema, example } of bodies)
  test(`${name}: the document and the route accept the same`, async () => {
    const differing: string[] = []
    async function compare(body: unknown, what: string): Promise<void> {
      const told = validate(body, schema, '2020-12', lookup).valid
      const result = await judge.validate(body)
      if (result.issues?.every(({ message }) => lookUps.includes(message))) return
      if (told !== !result.issues)
        differing.push(
          `${what}: the document ${told ? 'accepts' : 'refuses'}, the route ${told ? 'refuses' : 'accepts'}`,
        )
    }
    await compare(example, 'the example')
    const resolved = (schema.$ref ? lookup[`http://document/${schema.$ref}`] : schema) as Schema
    for (const [member, memberSchema] of Object.entries(resolved.properties ?? {})) {
      const { [member]: _, ...without } = example
      await compare(without, `without ${member}`)
      for (const value of values)
        await compare({ ...example, [member]: value }, `${member} ${JSON.stringify(value)?.slice(0, 60)}`)
      if (JSON.stringify(memberSchema).includes('"items"'))
        for (const value of values)
          await compare({ ...example, [member]: [value] }, `${member} [${JSON.stringify(value)?.slice(0, 60)}]`)
    }
    await compare({ ...example, unknown: 1 }, 'an unknown member')
    for (const value of values)
      if (typeof value !== 'object' || value === null) await compare(value, JSON.stringify(value))
    expect(differing).toEqual([])
  })

/** A query's values travel as text; the document tells what the text says. */
const queries = app.routes.flatMap(({ method, path, handler }) => {
  const judge = (handler as unknown as Record<symbol, Judge | undefined>)[uniqueSymbol]
  const operation = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
  const parameters = operation?.parameters?.filter((parameter) => parameter.in === 'query') ?? []
  return judge?.target === 'query' && parameters.length > 0 ? [{ name: `${method} ${path}`, judge, parameters }] : []
})

for (const { name, judge, parameters } of queries)
  test(`${name}: the document and the route accept the same query`, async () => {
    const differing: string[] = []
    const texts = values.filter((value) => typeof value === 'string')
    const required = parameters.filter((parameter) => parameter.required)
    const example = Object.fromEntries(required.map((parameter) => [parameter.name, parameter.schema.examples?.[0]]))
    for (const { name: parameter, schema } of parameters)
      for (const text of [
        ...texts,
        '0',
        '1',
        '100',
        '101',
        '-1',
        '1.5',
        '1e1',
        'json',
        'csv',
        'active',
        'email',
        'session.create',
      ]) {
        const value = schema.type === 'integer' && /^-?[0-9.]+$/.test(text) ? Number(text) : text
        const told = validate(value, schema, '2020-12', lookup).valid
        const { issues } = await judge.validate({ ...example, [parameter]: text })
        if (issues?.every(({ message }) => lookUps.includes(message))) continue
        if (told !== !issues)
          differing.push(
            `${parameter} ${text.slice(0, 60)}: the document ${told ? 'accepts' : 'refuses'} it, the route does not`,
          )
      }
    expect(differing).toEqual([])
  })
