import { expect, test } from 'bun:test'
import { classifyFailure, type FailureKind } from '../../src/mail/delivery-failure.ts'

type Thrown = { code?: string; responseCode?: number; command?: string; response?: string; message?: string }

const cases: [FailureKind, string, Thrown][] = [
  ['recipient', 'no such mailbox', { code: 'EENVELOPE', responseCode: 550, command: 'RCPT TO', response: '550 no' }],
  ['recipient', 'the same after DATA', { code: 'EMESSAGE', responseCode: 550, command: 'DATA', response: '550 no' }],
  ['recipient', 'not local', { code: 'EENVELOPE', responseCode: 551, command: 'RCPT TO' }],
  ['recipient', 'no such name', { code: 'EENVELOPE', responseCode: 553, command: 'RCPT TO' }],
  ['refused', 'policy', { code: 'EENVELOPE', responseCode: 550, command: 'RCPT TO', response: '550 5.7.1 relay' }],
  ['refused', 'policy, in lines', { code: 'EMESSAGE', responseCode: 550, command: 'DATA', response: '550-5.7.26 SPF' }],
  ['refused', 'mailbox full', { code: 'EENVELOPE', responseCode: 552, command: 'RCPT TO' }],
  ['refused', 'content', { code: 'EMESSAGE', responseCode: 554, command: 'DATA' }],
  ['refused', 'an address no envelope can hold', { code: 'EENVELOPE', command: 'API' }],
  ['later', 'greylisted', { code: 'EENVELOPE', responseCode: 451, command: 'RCPT TO' }],
  ['later', 'greylisted after DATA', { code: 'EMESSAGE', responseCode: 450, command: 'DATA' }],
  ['server', 'it closes', { code: 'EENVELOPE', responseCode: 421, command: 'RCPT TO' }],
  ['server', 'it takes no mail now', { code: 'EENVELOPE', responseCode: 451, command: 'MAIL FROM' }],
  ['server', 'it cannot check passwords now', { code: 'EAUTH', responseCode: 454, command: 'AUTH PLAIN' }],
  ['server', 'refused', { code: 'ESOCKET', command: 'CONN', message: 'connect ECONNREFUSED' }],
  ['server', 'silent', { code: 'ETIMEDOUT', command: 'CONN', message: 'Greeting never received' }],
  ['server', 'unknown host', { code: 'EDNS', message: 'getaddrinfo' }],
  ['server', 'broken off', { code: 'EABORT' }],
  ['server', 'gone', { code: 'ECONNECTION', message: 'Connection closed' }],
  ['server', 'something else', {}],
  ['configuration', 'our password', { code: 'EAUTH', responseCode: 535, command: 'AUTH PLAIN' }],
  ['configuration', 'no STARTTLS', { code: 'ETLS', responseCode: 500, command: 'STARTTLS' }],
  ['configuration', 'certificate', { code: 'ESOCKET', message: 'self-signed certificate' }],
  ['configuration', 'our sender', { code: 'EENVELOPE', responseCode: 550, command: 'MAIL FROM' }],
  ['configuration', 'log in first', { code: 'EENVELOPE', responseCode: 530, command: 'RCPT TO' }],
]

test.each(cases)('%s: %s', (kind, _what, thrown) => {
  expect(classifyFailure(Object.assign(new Error(thrown.message ?? ''), thrown)).kind).toBe(kind)
})

test.each([null, undefined, 'a text', 7])('whatever is thrown is judged: %p', (thrown) => {
  expect(classifyFailure(thrown).kind).toBe('server')
})

test('what is kept of it tells no address and no link, and is one bounded line', () => {
  const response = `550 <asha@clinic.example> https://app.example/#token=abc\r\n\u202e${'x'.repeat(1_000)}`
  const { text } = classifyFailure({ code: 'EMESSAGE', responseCode: 550, command: 'DATA', response })
  expect(text).toStartWith('EMESSAGE DATA 550 … … x')
  expect(text.length).toBeLessThanOrEqual(300)
  expect(text).not.toMatch(/asha|token|\n|\u202e/)
})
