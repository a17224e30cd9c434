import { describe, expect, test } from 'bun:test'
import { toProfile } from '../../src/sso/claims.ts'

const iss = 'https://id.example'
const microsoft = 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0'
const claims = { iss, sub: 'x', email: 'asha@gmail.com', email_verified: true }

describe('whose word for an address counts', () => {
  const google = { trustEmail: 'google' } as const

  test('Google’s for gmail.com, and for the domain that it hosts for the person', () => {
    expect(toProfile(google, claims).isTrusted).toBe(true)
    const hosted = { ...claims, email: 'asha@Clinic.example', hd: 'clinic.example' }
    expect(toProfile(google, hosted).isTrusted).toBe(true)
    for (const hd of [undefined, 'other.example', 'example', ['clinic.example'], '', 'xclinic.example'])
      expect(toProfile(google, { ...hosted, hd }).isTrusted).toBe(false)
    // An account of Google may have anybody's address that was verified once.
    for (const email of ['asha@gmail.com.evil.example', 'asha@evil-gmail.com', 'gmail.com@evil.example'])
      expect(toProfile(google, { ...claims, email }).isTrusted).toBe(false)
  })

  test('nobody’s where it is not verified', () => {
    for (const trustEmail of [true, 'google', ['gmail.com']] as const)
      for (const email_verified of [false, undefined, null, 1, 'True', 'false'])
        expect(toProfile({ trustEmail }, { ...claims, email_verified })).toMatchObject({
          emailVerified: false,
          isTrusted: false,
        })
  })

  test('as configured: every address, none, or those of some domains', () => {
    expect(toProfile({ trustEmail: true }, claims).isTrusted).toBe(true)
    expect(toProfile({ trustEmail: false }, claims)).toMatchObject({ emailVerified: true, isTrusted: false })
    expect(toProfile({ trustEmail: ['clinic.example', 'gmail.com'] }, claims).isTrusted).toBe(true)
    expect(toProfile({ trustEmail: ['mail.com', 'clinic.example'] }, claims).isTrusted).toBe(false)
  })
})

test('Microsoft says by xms_edov that a domain is its tenant’s own; nobody else can', () => {
  const tenant = { iss: microsoft, sub: 'x', email: 'asha@clinic.example' }
  for (const xms_edov of [true, 'true', 1, '1'])
    expect(toProfile({ trustEmail: false }, { ...tenant, xms_edov })).toMatchObject({
      emailVerified: true,
      isTrusted: false,
    })
  for (const xms_edov of [false, undefined, 0, '0'])
    expect(toProfile({ trustEmail: false }, { ...tenant, xms_edov }).emailVerified).toBe(false)
  expect(toProfile({ trustEmail: true }, { ...tenant, iss, xms_edov: true }).emailVerified).toBe(false)
})

test('what is malformed is left out, what identifies must be there', () => {
  expect(
    toProfile(
      { trustEmail: true },
      {
        ...claims,
        given_name: 'x'.repeat(500),
        family_name: '\u202eevil',
        locale: 'not a language',
        zoneinfo: 'Mars/Base',
      },
    ),
  ).toMatchObject({ firstName: null, lastName: null, language: 'en', timezone: 'UTC' })
  expect(toProfile({ trustEmail: true }, { ...claims, locale: 'hi-in', zoneinfo: 'asia/kolkata' })).toMatchObject({
    language: 'hi-IN',
    timezone: 'Asia/Kolkata',
  })
  for (const wrong of [{ sub: '' }, { sub: 7 }, { sub: 'x'.repeat(256) }, { sub: 'é' }, { iss: undefined }])
    expect(() => toProfile({ trustEmail: true }, { ...claims, ...wrong })).toThrow('no_subject')
})
