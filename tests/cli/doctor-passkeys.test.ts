import { expect, test } from 'bun:test'
import { examinePasskeys } from '../../src/cli/doctor-passkeys.ts'
import { loadConfig } from '../../src/room-config.ts'
import { testSecrets } from '../support/app.ts'

const examined = (environment: Record<string, string>) =>
  examinePasskeys(loadConfig({ ...testSecrets, DATABASE_URL: 'postgres://127.0.0.1/m', ...environment }))

test('doctor: all is well as it comes, and where the domain is above every page; apps of Android always fit', () => {
  expect(examined({})).toMatchObject({ state: 'good', detail: 'of localhost, for http://localhost:3000' })
  expect(
    examined({
      RP_ID: 'manas360.com',
      RP_ORIGINS: `https://app.manas360.com,https://manas360.com:8443,android:apk-key-hash:${'A'.repeat(43)}`,
    }).state,
  ).toBe('good')
})

test.each([
  ['a page beside the domain', { PUBLIC_URL: 'https://api.manas360.com', ALLOWED_ORIGINS: 'https://app.manas360.com' }],
  ['a page of another domain', { RP_ID: 'manas360.com', RP_ORIGINS: 'https://evilmanas360.com' }],
  ['a page without TLS', { RP_ID: 'manas360.com', RP_ORIGINS: 'http://app.manas360.com' }],
  ['an address in place of a domain', { PUBLIC_URL: 'http://127.0.0.1:3000' }],
  ['an address of IPv6', { PUBLIC_URL: 'http://[::1]:3000' }],
])('doctor warns of %s, and says what to do', (_, environment) => {
  const { state, advice } = examined(environment)
  expect(state).toBe('warning')
  expect(advice).toContain('RP_ID')
})

test('the domain is that of APP_URL, else of PUBLIC_URL; the pages are those that may call, and both of these', () => {
  const config = loadConfig({
    ...testSecrets,
    DATABASE_URL: 'postgres://127.0.0.1/m',
    PUBLIC_URL: 'https://api.manas360.com',
    APP_URL: 'https://manas360.com/app',
    ALLOWED_ORIGINS: 'https://admin.manas360.com,https://manas360.com',
  })
  expect(config.rpId).toBe('manas360.com')
  expect(config.rpOrigins).toEqual(['https://admin.manas360.com', 'https://manas360.com', 'https://api.manas360.com'])
})

test.each([
  ['RP_ID', 'https://manas360.com'],
  ['RP_ID', 'manas360.com:443'],
  ['RP_ID', 'Manas360.com'],
  ['RP_ID', '203.0.113.7'],
  ['RP_ID', '-a.com'],
  ['RP_ID', `${'a.'.repeat(127)}com`],
  ['RP_ORIGINS', 'https://manas360.com/'],
  ['RP_ORIGINS', 'android:apk-key-hash:short'],
  ['RP_ORIGINS', '*'],
])('%s=%s is refused at the start', (name, value) => {
  expect(() => examined({ [name]: value })).toThrow(name)
})
