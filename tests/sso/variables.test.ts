import { afterAll, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identityProviders } from '../../src/sso/variables.ts'

const path = join(tmpdir(), `providers-${Bun.randomUUIDv7()}.json`)
afterAll(() => rm(path, { force: true }))

const standard = { id: 'clinic', displayName: 'Clinic', issuer: 'https://id.clinic.example', clientId: 'manas' }
const parse = (entries: unknown) => identityProviders.safeParse(JSON.stringify(entries))
const problemOf = (entries: unknown) => parse(entries).error?.issues[0]?.message ?? ''

test('presets and any standard issuer become providers with what each may vouch for', () => {
  const { data } = parse([
    { preset: 'google', clientId: 'g', clientSecret: 's' },
    { preset: 'microsoft', clientId: 'm', tenant: 'organizations' },
    standard,
    { ...standard, id: 'trusted', trustEmail: ['clinic.example'] },
  ])
  expect(data).toEqual([
    {
      id: 'google',
      displayName: 'Google',
      issuer: 'https://accounts.google.com',
      clientId: 'g',
      clientSecret: 's',
      trustEmail: 'google',
    },
    {
      id: 'microsoft',
      displayName: 'Microsoft',
      issuer: 'https://login.microsoftonline.com/organizations/v2.0',
      clientId: 'm',
      clientSecret: null,
      trustEmail: false,
    },
    { ...standard, clientSecret: null, trustEmail: false },
    { ...standard, id: 'trusted', clientSecret: null, trustEmail: ['clinic.example'] },
  ])
})

test('a file is read like the text itself', async () => {
  await Bun.write(path, JSON.stringify([standard]))
  expect(identityProviders.parse(`file:${path}`)).toEqual(identityProviders.parse(JSON.stringify([standard])))
  expect(identityProviders.safeParse(`file:${path}.none`).error?.issues[0]?.message).toContain('ENOENT')
  await Bun.write(path, ' '.repeat(300_000))
  expect(identityProviders.safeParse(`file:${path}`).error?.issues[0]?.message).toContain('at most 262144 bytes')
})

test.each([
  ['an address that Microsoft vouches for', { preset: 'microsoft', clientId: 'm', trustEmail: true }],
  [
    'the same without the preset',
    { ...standard, issuer: 'https://login.microsoftonline.com/common/v2.0', trustEmail: true },
  ],
  ['the same of a customer directory', { ...standard, issuer: 'https://x.ciamlogin.com/x/v2.0', trustEmail: true }],
  ['an issuer without https', { ...standard, issuer: 'http://id.clinic.example' }],
  ['an issuer with a query', { ...standard, issuer: 'https://id.clinic.example/?x=1' }],
  ['an issuer with a password', { ...standard, issuer: 'https://u:p@id.clinic.example' }],
  ['an id that is no path segment', { ...standard, id: '../x' }],
  ['no client', { ...standard, clientId: '' }],
  ['a name that hides', { ...standard, displayName: 'Clin\u202eic' }],
  ['a domain that is none', { ...standard, trustEmail: ['@clinic'] }],
  ['a member that nobody knows', { ...standard, clientSecrets: 'x' }],
  ['a preset that nobody knows', { preset: 'facebook', clientId: 'x' }],
  ['a preset with an issuer of its own', { preset: 'google', clientId: 'x', issuer: 'https://id.clinic.example' }],
  ['what is no object', null],
])('refused: %s', (_what, entry) => {
  expect(problemOf([entry])).toMatch(/^\[0\].* must /)
})

test('a list has providers with different ids, and not too many', () => {
  expect(problemOf([standard, standard])).toContain('an id of its own')
  expect(problemOf({ standard })).toContain('must be a list')
  expect(problemOf(Array.from({ length: 21 }, (_, i) => ({ ...standard, id: `p${i}` })))).toContain('at most 20')
  expect(identityProviders.safeParse('[').error?.issues[0]?.message).toContain('as JSON')
})

test('no message shows what was configured', () => {
  const secret = 'a-secret-that-no-message-may-show'
  for (const entry of [
    { ...standard, clientSecret: { secret } },
    { ...standard, id: secret.toUpperCase() },
    { ...standard, clientSecret: secret, issuer: 7 },
  ])
    expect(problemOf([entry]).toLowerCase()).not.toContain(secret)
  expect(identityProviders.safeParse(`[{"clientSecret":"${secret}"`).error?.issues[0]?.message).not.toContain(secret)
})
