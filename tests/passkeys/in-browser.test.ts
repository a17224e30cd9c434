import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { CDPSession, Page } from 'puppeteer-core'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { describeInBrowser, openBrowser, openTab } from '../support/browser.ts'
import type { PasskeyJson } from '../support/passkeys.ts'
import { claimsOf } from '../support/tokens.ts'

// A browser waits for its turn on a busy machine longer than anything else here.

/** The example of the documents, as a page loads it. */
async function exampleAsScript(): Promise<string> {
  const { outputs, success } = await Bun.build({
    entrypoints: [join(import.meta.dir, '../../docs/examples/passkeys.ts')],
    target: 'browser',
    format: 'esm',
  })
  expect(success).toBe(true)
  return (await outputs[0]?.text()) ?? ''
}

describeInBrowser('in Chromium, with its virtual authenticator', async () => {
  const script = await exampleAsScript()
  /** A page with the example, and the service behind it; chromium takes localhost for safe without TLS. */
  const startSite = () =>
    Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(incoming, own) {
        const { pathname } = new URL(incoming.url)
        if (pathname === '/') return new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } })
        if (pathname === '/passkeys.js') return new Response(script, { headers: { 'Content-Type': 'text/javascript' } })
        return app.app.fetch(incoming, { server: own })
      },
    })
  const [site, copycat] = [startSite(), startSite()]
  const home = `http://localhost:${site.port}`
  const app = await openTestApp({ PUBLIC_URL: home })
  const browser = await openBrowser()
  afterAll(async () => {
    await browser.close()
    await Promise.all([site.stop(true), copycat.stop(true)])
  })

  const { page } = await openTab(browser)
  const cdp: CDPSession = await page.createCDPSession()
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.goto(home)

  type Outcome<T> = { value: T } | { error: string }
  /** Calls the example in a page. */
  async function call<T>(tab: Page, name: 'addPasskey' | 'signIn', ...parameters: string[]): Promise<Outcome<T>> {
    const body = `import('/passkeys.js').then((m) => m.${name}(...${JSON.stringify(parameters)}))
      .then((value) => ({ value }), (error) => ({ error: error.code ?? error.name }))`
    return (await tab.evaluate(body)) as Outcome<T>
  }
  const signIn = (tab = page) => call<{ accessToken: string; user: { id: string } }>(tab, 'signIn')
  const counts = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials

  const person = await registered(app)

  test('a person adds a passkey, and signs in with it without typing anything', async () => {
    expect(await signIn()).toMatchObject({ error: expect.any(String) })
    const added = await call<PasskeyJson>(page, 'addPasskey', person.accessToken, 'This computer')
    expect(added).toMatchObject({ value: { name: 'This computer', lastUsedAt: null } })
    const entered = await signIn()
    if ('error' in entered) throw new Error(entered.error)
    expect(entered.value.user.id).toBe(person.id)
    expect(claimsOf(entered.value.accessToken)).toMatchObject({ sub: person.id, acr: 'aal2' })
    expect((await app.request('/v1/me', { bearer: entered.value.accessToken })).status).toBe(200)
  })

  test('the same authenticator is not asked twice for one account', async () => {
    const entered = await signIn()
    if ('error' in entered) throw new Error(entered.error)
    const again = await call(page, 'addPasskey', entered.value.accessToken, 'Once more')
    expect(again).toEqual({ error: 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED' })
    expect(await counts()).toHaveLength(1)
  })

  test('on a page of another origin the service refuses it, and on one of another domain the browser', async () => {
    await page.goto(`http://localhost:${copycat.port}`)
    expect(await signIn()).toEqual({ error: 'invalid-passkey' })
    await page.goto(`http://elsewhere.localhost:${site.port}`)
    expect(await signIn()).toEqual({ error: 'ERROR_INVALID_RP_ID' })
    await page.goto(home)
    expect(await signIn()).toMatchObject({ value: { user: { id: person.id } } })
  })

  test('one that does not verify its user does not get in', async () => {
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    expect(await signIn()).toMatchObject({ error: expect.any(String) })
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
    expect(await signIn()).toMatchObject({ value: { user: { id: person.id } } })
  })

  test('a copy whose counter has fallen behind is refused', async () => {
    const [copied] = await counts()
    if (!copied) throw new Error('there is no credential')
    expect(await signIn()).toMatchObject({ value: { user: { id: person.id } } })
    await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: copied.credentialId })
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...copied, signCount: 0 } })
    expect(await signIn()).toEqual({ error: 'invalid-passkey' })
    const rows =
      await app.sql`select 1 from audit_logs where action = 'passkey.refuse_copy' and entity_id = ${person.id}`
    expect(rows).toHaveLength(1)
  })
})
