import { describe, expect, test } from 'bun:test'
import { openApiDocument } from '../../src/ops/openapi.ts'
import { openTestApp } from '../support/app.ts'
import { everyRoute, good } from '../support/every-route.ts'
import { withProviders } from '../support/journeys.ts'
import { expectProblem } from '../support/problems.ts'

/** Configured, so that its routes judge their input; nobody is asked. */
const provider = { id: 'google', displayName: 'Google', issuer: 'http://127.0.0.1:9', clientId: 'x' }
const service = await openTestApp(withProviders(provider))
const { routes, send } = await everyRoute(service)

type Schema = {
  $ref?: string
  type?: string
  format?: string
  pattern?: string
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
}
type Operation = { requestBody?: { content: Record<string, { schema: Schema }> } }
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
const document = (await openApiDocument(service.app, 'http://localhost:3000')) as Document

/** What a field's text may be compared with only: anything goes there, and nobody is shown it. */
const compared = [
  'password',
  'currentPassword',
  'newPassword',
  'refreshToken',
  'token',
  'code',
  'returnTo',
  'mfaToken',
  'challengeToken',
  'codeVerifier',
]

function textFieldsOf(route: string): string[] {
  const [method = '', pattern = ''] = route.split(' ')
  const operation = document.paths[pattern.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
  const schema = operation?.requestBody?.content['application/json']?.schema
  const known = schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : schema
  return Object.entries(known?.properties ?? {}).flatMap(([field, schema]) => {
    const texts = [schema, ...(schema.anyOf ?? [])].filter(({ type }) => type === 'string')
    return texts.length > 0 && !compared.includes(field) ? [field] : []
  })
}

/** What hides, turns round or is not there at all, each within text that is fine without it. */
const misleading: Record<string, string> = {
  'a right-to-left override': 'paid \u202Etxt.exe',
  'an isolate': 'a\u2066b\u2069',
  'a mark of direction': 'a\u200Fb',
  'an Arabic mark': 'a\u061Cb',
  'a zero-width space': 'a\u200Bb',
  'a word joiner': 'a\u2060b',
  'an invisible plus': 'a\u2064b',
  'a byte order mark': 'a\uFEFFb',
  'a soft hyphen': 'a\u00ADb',
  'a grapheme joiner': 'a\u034Fb',
  'a Hangul filler': 'a\u3164b',
  tags: 'a\u{E0049}\u{E0067}\u{E006E}',
  'a selector of the supplement': 'a\u{E0100}b',
  'an annotation': 'a\uFFF9b\uFFFA',
  'an escape': 'a\u001B[2Jb',
  'a line separator': 'a\u2028b',
  'two joiners': 'a\u200D\u200Db',
  'a joiner after a space': 'a \u200Db',
  'two selectors': 'a\uFE00\uFE01b',
  spaces: ' \u3000 ',
  'joiners alone': '\u200D\u200C',
  'an empty Braille cell': '\u2800',
}

describe('in every text field of every route', () => {
  const fields = routes
    .filter(({ row }) => row.json)
    .flatMap(({ route, method, path, row }) =>
      textFieldsOf(route).map((field) => ({ route, method, path, row, field })),
    )

  test('there are such fields', () => {
    const named = new Set(fields.map(({ field }) => field))
    for (const field of ['firstName', 'displayName', 'description', 'reason', 'name']) expect(named).toContain(field)
  })

  for (const [name, text] of Object.entries(misleading))
    test(`${name}: refused`, async () => {
      for (const { route, method, path, row, field } of fields) {
        // A description may be cleared, and then is empty.
        if (name === 'spaces' && field === 'description') continue
        const body = JSON.stringify({ ...good(row), [field]: text })
        const answer = await send({ method, path, body })
        expect([route, field, answer.status]).toEqual([route, field, 422])
        const { errors } = await expectProblem(answer, 'validation-failed')
        expect(errors?.map(({ path }) => path)).toContain(field)
      }
    })
})

test('what is honestly written with joiners, selectors and lines is kept', async () => {
  const path = '/v1/admin/features/white_label'
  for (const description of [
    'क्‍ष शर्‌मा',
    'می‌خواهم',
    '❤️‍🔥 👩‍👩‍👧‍👦',
    'First line\nand\ta second',
    'ᠠ᠋',
    '葛\u{E0100}城',
    '',
  ]) {
    const answer = await send({ method: 'PATCH', path, body: JSON.stringify({ description }) })
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as { description: string }).description).toBe(description)
  }
})
