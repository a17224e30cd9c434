import { afterAll, expect, test } from 'bun:test'
import { pageNames } from '../../src/pages/page-names.ts'
import { languages } from '../../src/text/language.ts'
import { render, samples } from '../mail/samples.ts'
import { logIn, newEmail as newAddress, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import {
  accessibilityFaults,
  describeInBrowser,
  inScheme,
  isTooWide,
  openBrowser,
  openTab,
  type Scheme,
  type Tab,
  untilTrue,
} from '../support/browser.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

// A browser waits for its turn on a busy machine longer than anything else here.

const token = 'Zx9'.repeat(14)
const schemes: Scheme[] = ['light', 'dark']

describeInBrowser('in Chromium', async () => {
  /** Answers of the API that the test wants, by path, in order; without one the service answers itself. */
  const scripted = new Map<string, Response[]>()
  /** All that browsers sent. */
  const received: { sent: string; path: string; method: string; body: string }[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request, own) => {
      const { pathname } = new URL(request.url)
      const body = await request.clone().text()
      const sent = JSON.stringify([request.url, [...request.headers], body])
      received.push({ sent, path: pathname, method: request.method, body })
      const answer = scripted.get(pathname)?.shift()
      return answer ?? app.app.fetch(request, { server: own })
    },
  })
  const app = await openTestApp({ PUBLIC_URL: server.url.origin })
  const browser = await openBrowser()
  afterAll(async () => {
    await browser.close()
    await server.stop(true)
  })

  const address = (path: string) => `${server.url.origin}/account/${path}`
  const script = (path: string, status: number, body?: object) => {
    const answer = body === undefined ? new Response(null, { status }) : Response.json(body, { status })
    scripted.set(path, [...(scripted.get(path) ?? []), answer])
  }
  async function open(path: string, fragment = `#token=${token}`): Promise<Tab> {
    received.length = 0
    const tab = await openTab(browser)
    await tab.page.goto(address(path) + fragment)
    return tab
  }
  const close = ({ page }: Tab) => page.close()
  const read = (page: Tab['page'], selector: string) => page.$eval(selector, (found) => found.textContent)
  const addressOf = (page: Tab['page']) => page.evaluate('location.href')
  const focused = (page: Tab['page']) => page.evaluate('document.activeElement?.id')
  const untilEnd = (page: Tab['page']) => untilTrue(page, "document.getElementById('form').hidden")

  test.each([...pageNames])('%s is accessible, fits 320 px and obeys its policy, light and dark', async (name) => {
    const tab = await openTab(browser)
    for (const [i, scheme] of schemes.entries()) {
      await inScheme(tab.page, scheme)
      await tab.page.goto(address(`${name}?language=${languages[i]}#token=${token}`))
      expect([name, scheme, await accessibilityFaults(tab.page)]).toEqual([name, scheme, []])
      expect(await isTooWide(tab.page)).toBe(false)
    }
    expect(tab.complaints).toEqual([])
    const origins = new Set(tab.requests.map(({ url }) => new URL(url).origin))
    expect([...origins].filter((origin) => origin !== 'null')).toEqual([server.url.origin])
    await close(tab)
  })

  test('the token leaves the address and the history at once, and nothing but the button sends it', async () => {
    const tab = await open('verify-email')
    const { page } = tab
    await page.waitForSelector('#form:not([hidden])')
    expect(await addressOf(page)).toBe(address('verify-email'))
    const session = await page.createCDPSession()
    // The browser learns of the page's own changes after the page; until then it has the token.
    await until(
      async () => {
        const { entries } = await session.send('Page.getNavigationHistory')
        return entries.map(({ url }) => url).join() === ['about:blank', address('verify-email')].join()
      },
      90,
      'the token leaves the history',
    )
    expect(received.filter(({ sent, method }) => sent.includes(token) || method !== 'GET')).toEqual([])
    script('/v1/auth/email/verify', 204)
    // Twice in a row: it is sent once.
    await page.evaluate("for (const _ of 'ab') document.querySelector('button[type=submit]').click()")
    await untilEnd(page)
    expect(received.filter(({ sent }) => sent.includes(token))).toMatchObject([
      { method: 'POST', path: '/v1/auth/email/verify', body: JSON.stringify({ token }) },
    ])
    expect(await read(page, '#title')).toBe('Your e-mail address is confirmed')
    expect(await page.title()).toBe('Your e-mail address is confirmed – MANAS360')
    expect(await focused(page)).toBe('title')
    expect(tab.complaints).toEqual([])
    // Loaded again, it has no token, and says what to do.
    await page.reload()
    expect(await read(page, '#problem')).toContain('Open the mail and press its button again.')
    expect(await page.$eval('#form', (form) => form.hasAttribute('hidden'))).toBe(true)
    // The next mail's link, opened in this tab, differs in its fragment alone.
    await page.evaluate(`location.hash = 'token=${token}'`)
    await page.waitForSelector('#form:not([hidden])')
    expect(await addressOf(page)).toBe(address('verify-email'))
    await close(tab)
  })

  test('a new password is set by keyboard alone, and its rules are told where they are broken', async () => {
    const tab = await open('reset-password')
    const { page } = tab
    const path = '/v1/auth/password/reset'
    const tabTo = async (selector: string) => {
      for (let i = 0; i < 10; i++) {
        if (await page.$eval(selector, (found) => found === found.ownerDocument.activeElement)) return
        await page.keyboard.press('Tab')
      }
      throw new Error(`${selector} is not reached`)
    }
    await tabTo('#password')
    // Empty: nothing is sent.
    await page.keyboard.press('Enter')
    await untilTrue(page, "document.getElementById('password-error').textContent === 'Please fill this in.'")
    expect(received.every(({ method }) => method === 'GET')).toBe(true)
    const message = 'Use at least 12 characters; several words make a good password.'
    const errors = [{ path: 'newPassword', message, code: 'too-short' }]
    script(path, 422, { code: 'validation-failed', errors })
    await page.keyboard.type('short')
    await page.keyboard.press('Enter')
    await untilTrue(page, `document.getElementById('password-error').textContent === '${message}'`)
    expect(await focused(page)).toBe('password')
    expect(await page.$eval('#password', (input) => input.getAttribute('aria-invalid'))).toBe('true')
    expect(await page.$eval('#password', (input) => input.getAttribute('aria-describedby'))).toContain('password-error')
    await tabTo('button[aria-controls]')
    await page.keyboard.press('Space')
    expect(await page.$eval('#password', (input) => input.getAttribute('type'))).toBe('text')
    expect(await read(page, 'button[aria-controls]')).toBe('Hide password')
    script(path, 204)
    await tabTo('button[type=submit]')
    await page.keyboard.press('Enter')
    await untilEnd(page)
    expect(await read(page, '#title')).toBe('Your new password is set')
    expect(received.filter(({ method }) => method === 'POST')).toHaveLength(2)
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('in Hindi the rules are told in Hindi', async () => {
    const tab = await open('reset-password?language=hi')
    const errors = [{ path: 'newPassword', message: 'This resembles a password …', code: 'common' }]
    script('/v1/auth/password/reset', 422, { code: 'validation-failed', errors })
    await tab.page.type('#password', 'password1234')
    await tab.page.keyboard.press('Enter')
    await tab.page.waitForSelector('#password[aria-invalid]')
    expect(await read(tab.page, '#password-error')).toContain('हमलावर सबसे पहले आज़माते हैं')
    await close(tab)
  })

  test('a refused link says what to do next, on every page', async () => {
    const paths = {
      'verify-email': '/v1/auth/email/verify',
      'reset-password': '/v1/auth/password/reset',
      'confirm-email': '/v1/auth/email/confirm-change',
      'undo-email': '/v1/auth/email/undo-change',
      'accept-invitation': '/v1/auth/invitation/accept',
      'accept-team': '/v1/team/accept',
    }
    const tab = await openTab(browser)
    const { page } = tab
    const advice = new Set<string>()
    for (const name of pageNames) {
      await page.goto(address(`${name}#token=${token}`))
      if (name === 'accept-team') {
        await page.type('#email', 'asha@example.com')
        script('/v1/auth/login', 200, { accessToken: 'a-token' })
        script('/v1/auth/logout', 204)
      }
      if (await page.$('#password')) await page.type('#password', 'a long enough one')
      script(paths[name], 400, { code: 'invalid-link' })
      await page.click('button[type=submit]')
      await untilEnd(page)
      expect(await read(page, '#title')).toBe('This link does not work')
      expect(await focused(page)).toBe('title')
      advice.add((await read(page, '#text')) ?? '')
    }
    expect(advice.size).toBe(pageNames.length)
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('what fails otherwise is told, and the button can be pressed again', async () => {
    const tab = await open('accept-invitation')
    const { page } = tab
    const path = '/v1/auth/invitation/accept'
    await page.type('#password', 'a long enough one')
    const problemAfter = async (expected: string) => {
      await page.click('button[type=submit]')
      await untilTrue(page, `document.getElementById('problem').textContent.includes(${JSON.stringify(expected)})`)
      expect(await focused(page)).toBe('problem')
    }
    script(path, 429, { code: 'rate-limited' })
    await problemAfter('Wait a while')
    script(path, 503, { code: 'database-unavailable', requestId: 'r-1' })
    await problemAfter('(r-1)')
    await page.setOfflineMode(true)
    await problemAfter('No answer came')
    await page.setOfflineMode(false)
    // The session that accepting opens is ended again: the page keeps none.
    script(path, 200, { accessToken: 'a-token' })
    script('/v1/auth/logout', 204)
    await page.click('button[type=submit]')
    await untilEnd(page)
    expect(await read(page, '#title')).toBe('Your account is ready')
    expect(received.at(-1)?.path).toBe('/v1/auth/logout')
    await close(tab)
  })

  test('the other language is one key away, and the token comes along', async () => {
    const tab = await open('undo-email')
    const { page } = tab
    await page.click('a[data-language=hi]')
    await untilTrue(page, "document.documentElement.lang === 'hi' && !document.getElementById('form').hidden")
    expect(await addressOf(page)).toBe(address('undo-email?language=hi'))
    expect(await page.$eval('html', (html) => html.getAttribute('lang'))).toBe('hi')
    script('/v1/auth/email/undo-change', 204)
    await page.click('button[type=submit]')
    await untilEnd(page)
    expect(await read(page, '#title')).toBe('बदलाव वापस ले लिया गया है')
    expect(received.filter(({ sent }) => sent.includes(token))).toMatchObject([
      { method: 'POST', path: '/v1/auth/email/undo-change', body: JSON.stringify({ token }) },
    ])
    await close(tab)
  })

  /** Opens the newest mail to an address with this subject where development shows it, follows its link, and waits for the page. */
  async function follow({ page }: Tab, address: string, subject: string) {
    await page.goto(`${server.url.origin}/dev/mail`)
    const mail = await page.evaluate(`
      [...document.querySelectorAll('tbody tr')].find(
        ({ cells }) => cells[1].textContent === '${address}' && cells[2].textContent === '${subject}',
      ).querySelector('a').href`)
    await page.goto(`${mail}/html`)
    const link = await page.$eval('a.button', (found) => found.getAttribute('href') ?? '')
    // A scanner was there before: it opens links, and presses no button behind them.
    for (const method of ['GET', 'HEAD']) expect((await fetch(link, { method })).status).toBe(200)
    await page.goto(String(mail))
    await page.click(`a[href="${link}"]`)
    await page.waitForSelector('#form:not([hidden])')
  }
  const press = async ({ page }: Tab) => {
    await page.click('button[type=submit]')
    await untilEnd(page)
    return read(page, '#title')
  }

  test('from the mail’s own link: verify, reset, change the address, undo it', async () => {
    const newPassword = 'umbrella ceramic walnut drizzle'
    const person = await registered(app)
    const tab = await openTab(browser)
    await follow(tab, person.email, 'Confirm your e-mail address')
    expect(await press(tab)).toBe('Your e-mail address is confirmed')
    const me = () => app.request('/v1/me', { bearer: person.accessToken })
    expect(await bodyOf(await me())).toMatchObject({ emailVerified: true })

    expect((await app.request('/v1/auth/password/forgot', { json: { email: person.email } })).status).toBe(202)
    await follow(tab, person.email, 'Choose a new password')
    await tab.page.type('#password', 'password1234')
    await tab.page.keyboard.press('Enter')
    await tab.page.waitForSelector('#password[aria-invalid]')
    expect(await read(tab.page, '#password-error')).toStartWith('This resembles a password that attackers try first')
    await tab.page.click('#password', { count: 3 })
    await tab.page.type('#password', newPassword)
    expect(await press(tab)).toBe('Your new password is set')
    await expectProblem(await me(), 'session-revoked')
    const { accessToken } = await logIn(app, { email: person.email, password: newPassword })

    const newEmail = newAddress()
    const change = { newEmail, password: newPassword }
    expect((await app.request('/v1/me/email', { bearer: accessToken, json: change })).status).toBe(202)
    await follow(tab, newEmail, 'Confirm your new e-mail address')
    expect(await press(tab)).toBe('Your e-mail address was changed')
    await follow(tab, person.email, 'Your e-mail address was changed')
    expect(await press(tab)).toBe('The change is undone')
    const [account] = await app.sql<{ email: string }[]>`select email from user_accounts where id = ${person.id}`
    expect(account?.email).toBe(person.email)
    // The link for a new password came, and a link that was used opens nothing.
    await follow(tab, person.email, 'Choose a new password')
    await follow(tab, person.email, 'Confirm your e-mail address')
    expect(await press(tab)).toBe('This link does not work')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('every mail fits 320 px, and three of them are looked at by axe, light and dark', async () => {
    const tab = await openTab(browser)
    const { page } = tab
    const long = `${'Wolfeschlegelsteinhausenbergerdorff'.repeat(3)}@example.com`
    // The last sample of each template says the most.
    const last = [...new Map(samples(long).map((sample) => [sample[1], sample])).values()]
    const mails = languages.flatMap((language) =>
      last.map(([variant, name, data]): [string, string] => [
        `${variant} ${language}`,
        render(name, data, language).html,
      ]),
    )
    const tooWide = await page.evaluate(`(async (all) => {
      const found = []
      const frame = document.createElement('iframe')
      frame.style.cssText = 'width:320px;height:600px;border:0'
      document.body.append(frame)
      for (const [name, html] of all) {
        await new Promise((loaded) => {
          frame.onload = loaded
          frame.srcdoc = html
        })
        const { scrollWidth } = frame.contentDocument.documentElement
        if (scrollWidth > 320) found.push(name + ': ' + scrollWidth)
      }
      return found
    })(${JSON.stringify(mails)})`)
    expect(tooWide).toEqual([])
    for (const name of ['verify-email', 'undo-email', 'account-erased'] as const)
      for (const [i, scheme] of schemes.entries()) {
        const [, , data] = samples().find(([, one]) => one === name) ?? []
        if (!data) throw new Error(`no sample of ${name}`)
        await inScheme(page, scheme)
        await page.setContent(render(name, data as never, languages[i] ?? 'en').html)
        expect([name, scheme, await accessibilityFaults(page, 'mail')]).toEqual([name, scheme, []])
      }
    expect(tab.requests.filter(({ url }) => /^https?:/.test(url))).toEqual([])
    await close(tab)
  })
})
