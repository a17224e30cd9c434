import { expect, test } from 'bun:test'
import { consentDocuments } from '../../src/consents/variables.ts'

test('CONSENT_DOCUMENTS is a list of documents, each with its version and whether it is required', () => {
  expect(consentDocuments.parse(undefined)).toEqual([])
  expect(consentDocuments.parse('terms@2026-01!, newsletter@1,')).toEqual([
    { document: 'terms', version: '2026-01', required: true },
    { document: 'newsletter', version: '1', required: false },
  ])
})

test('every fault of it is named at once', () => {
  const many = Array.from({ length: 21 }, (_, i) => `d${i}@1`)
  const text = [
    'terms',
    'a@1',
    'a@2!',
    'B@1',
    'x@1!!',
    `y@${'1'.repeat(41)}`,
    'z@1\u0000',
    '__proto__@1',
    ...many,
  ].join()
  const messages = consentDocuments.safeParse(text).error?.issues.map(({ message }) => message) ?? []
  expect(messages.map((message) => message.slice(0, 20))).toEqual([
    'terms must be docume',
    'a must be named once',
    'B@1 must be document',
    'x@1!! must be docume',
    'y@111111111111111111',
    'z@1\u0000 must be documen',
    '__proto__@1 must be ',
    'must name at most 20',
  ])
})
