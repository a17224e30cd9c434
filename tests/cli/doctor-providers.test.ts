import { expect, test } from 'bun:test'
import { examineProviders } from '../../src/cli/doctor-providers.ts'
import { openLyingProvider } from '../support/lying-provider.ts'

const provider = (issuer: string) => ({
  id: 'clinic',
  displayName: 'Clinic',
  issuer,
  clientId: 'manas',
  clientSecret: 'secret-word',
  trustEmail: false,
})
const examine = async (issuer: string) =>
  (await examineProviders({ identityProviders: [provider(issuer)], publicUrl: 'https://api.example' }))[0]

test('doctor asks each provider, and says what must be registered there', async () => {
  const idp = await openLyingProvider()
  const good = await examine(idp.issuer)
  expect(good).toMatchObject({ name: 'provider clinic', state: 'good' })
  expect(good?.detail).toContain('https://api.example/v1/auth/oidc/clinic/callback')
  const path = '/.well-known/openid-configuration'
  const answers = (metadata: object) => ({ [path]: () => Response.json({ ...idp.metadata, ...metadata }) })
  idp.lies.answers = answers({ code_challenge_methods_supported: undefined })
  expect((await examine(idp.issuer))?.state).toBe('warning')
  for (const wrong of [{ issuer: 'https://another.example' }, { jwks_uri: undefined }, { token_endpoint: 'ftp://x' }]) {
    idp.lies.answers = answers(wrong)
    expect((await examine(idp.issuer))?.state).toBe('wrong')
  }
  const absent = await examine('http://127.0.0.1:9')
  expect(absent).toMatchObject({ state: 'wrong', advice: expect.stringContaining('OIDC_PROVIDERS') })
  expect(JSON.stringify([good, absent])).not.toContain('secret-word')
})
