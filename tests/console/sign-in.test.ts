import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { type Given, givenAccount, registered } from '../support/accounts.ts'
import { accessibilityFaults, describeInBrowser, inScheme, isTooWide, untilTrue } from '../support/browser.ts'
import { enterPassword, fillIn, openConsole, press, signIn, untilShown } from '../support/console.ts'
import { secondFactorSteps } from '../support/second-factors.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('signing in to the console', async () => {
  const site = await openConsole({ REQUIRE_ADMIN_MFA: 'true' })
  const { app, visit, close } = site
  const { codeOf, enrol } = secondFactorSteps(app)

  const promote = ({ id }: Given, role = 'superadmin') =>
    app.sql`update user_accounts set role = ${role} where id = ${id}`
  const kept = (page: Page) => page.evaluate("sessionStorage.getItem('manas360-console')") as Promise<string | null>
  const untilFocused = (page: Page, selector: string) =>
    untilTrue(page, `document.activeElement?.matches(${JSON.stringify(selector)})`)
  const forget = (page: Page) => page.evaluate("sessionStorage.removeItem('manas360-console')")

  test('the page is accessible, fits 320 px, and speaks both languages, light and dark', async () => {
    const tab = await visit('', { width: 320 })
    for (const [scheme, button] of [
      ['light', 'English'],
      ['dark', 'हिन्दी'],
    ] as const) {
      await inScheme(tab.page, scheme)
      await press(tab.page, button)
      await untilShown(tab.page, scheme === 'dark' ? 'कंसोल में साइन इन करें' : 'Sign in to the console')
      expect([scheme, await accessibilityFaults(tab.page)]).toEqual([scheme, []])
      expect(await isTooWide(tab.page)).toBe(false)
    }
    await untilTrue(tab.page, "document.documentElement.lang === 'hi'")
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a wrong password is told in the service’s own sentence, with the request’s id; what was typed stays', async () => {
    const tab = await visit()
    const { page } = tab
    await press(page, 'Sign in')
    await untilShown(page, 'Please fill this in.')
    expect(await page.evaluate('document.activeElement.name')).toBe('email')
    await fillIn(page, 'E-mail address', '"><img src=x onerror=alert(1)>@people.test')
    await fillIn(page, 'Password', '<script>alert(1)</script>')
    await press(page, 'Sign in')
    await page.waitForSelector('[aria-invalid=true][name=email]')
    await fillIn(page, 'E-mail address', 'nobody@people.test')
    await press(page, 'Sign in')
    const problem = await page.waitForSelector('.problem .reference')
    expect(await problem?.evaluate((one) => one.textContent)).toMatch(/^Request [\w.-]+ · invalid-credentials$/)
    expect(await page.evaluate("document.querySelector('[name=password]').value")).toStartWith('<script>')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('an administrator without a second factor gets one on the spot, and what was asked for goes on', async () => {
    const person = await givenAccount(app, { role: 'superadmin' })
    const tab = await visit()
    const { page } = tab
    await signIn(page, person)
    await untilShown(page, 'A second factor is needed')
    expect(await accessibilityFaults(page)).toEqual([])
    // By keyboard alone: each part has the focus once it is there.
    await untilFocused(page, 'dialog [name=password]')
    await page.keyboard.type(person.password)
    await page.keyboard.press('Enter')
    await untilShown(page, 'Use an authenticator app')
    await untilFocused(page, 'dialog .step')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const secret = await page.waitForSelector('dialog .secret')
    expect(await page.evaluate("document.querySelector('dialog .qr').naturalWidth > 0")).toBe(true)
    const code = codeOf({ secret: (await secret?.evaluate((one) => one.textContent)) ?? '' })
    await untilFocused(page, 'dialog [name=code]')
    await page.keyboard.type(code)
    await page.keyboard.press('Enter')
    await untilShown(page, 'Your recovery codes')
    await page.keyboard.press('Escape')
    expect(await page.$$eval('dialog .codes li', (all) => all.length)).toBe(10)
    await untilFocused(page, 'dialog .step')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    // The very call that wanted it is answered.
    await untilTrue(page, "!document.querySelector('dialog') && document.querySelector('.figures')")
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('the second step takes a code of the app or a recovery code, and a lost one starts again', async () => {
    const person = await enrol(await registered(app))
    await promote(person)
    const tab = await visit()
    const { page } = tab
    await enterPassword(page, person)
    await fillIn(page, 'Code', '000000')
    await press(page, 'Confirm')
    await untilShown(page, 'invalid-code')
    expect(await accessibilityFaults(page)).toEqual([])
    await press(page, 'Start again')
    await enterPassword(page, person)
    await page.waitForSelector('[name=code]')
    await app.sql`update mfa_challenges set expires_at = clock_timestamp() - interval '1 minute'`
    await fillIn(page, 'Code', person.recoveryCodes[0] ?? '')
    await press(page, 'Confirm')
    // The first step is due again, and it is told why.
    await page.waitForSelector('[name=email]')
    await untilShown(page, 'invalid-mfa-token')
    await enterPassword(page, person)
    await fillIn(page, 'Code', person.recoveryCodes[0] ?? '')
    await press(page, 'Confirm')
    await page.waitForSelector('.figures')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a reload keeps the session, a copied tab does not get it, and signing out ends it for good', async () => {
    const person = await enrol(await registered(app))
    await promote(person)
    const tab = await visit()
    const { page } = tab
    await enterPassword(page, person)
    await fillIn(page, 'Code', person.recoveryCodes[1] ?? '')
    await press(page, 'Confirm')
    await page.waitForSelector('.figures')
    const own = await kept(page)
    expect(JSON.parse(own ?? '{}')).toEqual({ sessionId: expect.any(String), refreshToken: expect.any(String) })
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain('eyJ')
    await page.reload()
    await page.waitForSelector('.figures')
    // A duplicated tab begins with a copy of sessionStorage.
    const copy = await page.browserContext().newPage()
    await copy.goto(`${site.home}/console/assets/icon.svg`)
    await copy.evaluate(`sessionStorage.setItem('manas360-console', ${JSON.stringify(await kept(page))})`)
    await copy.goto(site.address())
    await untilShown(copy, 'This tab is a copy')
    expect(await kept(copy)).toBeNull()
    // The first one is as it was.
    await page.bringToFront()
    await page.reload()
    await page.waitForSelector('.figures')
    const last = await kept(page)
    const loggedOut = page.waitForResponse((answer) => answer.url().endsWith('/v1/auth/logout'))
    await press(page, 'Sign out')
    await untilShown(page, 'Sign in to the console')
    expect((await loggedOut).status()).toBe(204)
    expect(await kept(page)).toBeNull()
    await page.evaluate(`sessionStorage.setItem('manas360-console', ${JSON.stringify(last)})`)
    await page.reload()
    await untilShown(page, 'Your session has ended')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a passkey is enrolled, signs in alone, and isProof again who is there', async () => {
    const person = await givenAccount(app, { role: 'superadmin' })
    const target = await givenAccount(app)
    const tab = await visit(`/people/${target.id}`)
    const { page } = tab
    const devtools = await page.createCDPSession()
    await devtools.send('WebAuthn.enable')
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
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
    await signIn(page, person)
    await page.waitForSelector('dialog [name=password]')
    await page.type('dialog [name=password]', person.password)
    await press(page, 'Confirm')
    // Whoever does not want to choose gets out, and in again.
    await page.waitForSelector('aria/Use an authenticator app[role="button"]')
    await press(page, 'Cancel')
    await press(page, 'Try again')
    await page.waitForSelector('dialog [name=password]')
    await page.type('dialog [name=password]', person.password)
    await press(page, 'Confirm')
    await press(page, 'Use a passkey')
    await page.waitForSelector('dialog [name=name]')
    await page.type('dialog [name=name]', 'Virtual')
    await press(page, 'Use a passkey')
    await page.waitForSelector('.actions')
    await press(page, 'Sign out')
    await press(page, 'Sign in with a passkey')
    await page.waitForSelector('.actions')
    await app.sql`update sessions set auth_time = clock_timestamp() - interval '1 hour' where account_id = ${person.id}`
    await page.reload()
    await press(page, 'Remove second factors')
    await page.waitForSelector('dialog [name=reason]')
    await page.type('dialog [name=reason]', 'Lost')
    await page.locator('dialog form button[type=submit]').click()
    // The session began without a password: the account may have none.
    await untilShown(page, 'Is it still you?')
    expect(await page.$('dialog [name=proof]')).toBeNull()
    expect(await accessibilityFaults(page)).toEqual([])
    await press(page, 'With a passkey')
    await untilShown(page, `${target.email} has no second factor any more.`)
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('without a right of the console nothing is offered but to sign out', async () => {
    const person = await givenAccount(app, { role: 'user' })
    const tab = await visit('/people')
    await signIn(tab.page, person)
    await untilShown(tab.page, 'Your role has no right that the console needs')
    expect(await tab.page.$$('nav a')).toHaveLength(0)
    await forget(tab.page)
    await close(tab)
  })
})
