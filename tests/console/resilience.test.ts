import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { givenAccount } from '../support/accounts.ts'
import { describeInBrowser, untilTrue } from '../support/browser.ts'
import { follow, openConsole, press, signIn, untilGone, untilShown } from '../support/console.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('the console when something is in the way', async () => {
  const site = await openConsole()
  const { app, faults, visit, visitAs, close } = site

  /** Everything that was announced since the page was loaded: what is short-lived is found here afterwards. */
  const listen = (page: Page) =>
    page.evaluateOnNewDocument(`
      globalThis.announced = []
      const note = () => {
        const text = document.querySelector('.connection')?.textContent
        if (text) announced.push(text)
      }
      addEventListener('DOMContentLoaded', () =>
        new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true }))`)
  const announced = (page: Page) => page.evaluate("announced.join('|')") as Promise<string>

  test('a limit of calls is waited for and told, a lost connection is told and recovers, a proxy’s word ends no session', async () => {
    const tab = await visit()
    const { page } = tab
    await listen(page)
    await page.reload()
    const person = await givenAccount(app, { role: 'superadmin', plan: 'enterprise' })
    let refused = 0
    faults.before = (request) => {
      if (!request.url.includes('/v1/admin/analytics/overview') || refused++ > 0) return undefined
      const problem = { type: `${site.home}/problems/rate-limited`, title: 'Too many requests', status: 429 }
      return Response.json(
        { ...problem, detail: 'Slower.', instance: '/', code: 'rate-limited', requestId: 'r' },
        { status: 429, headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '1' } },
      )
    }
    await signIn(page, person)
    await page.waitForSelector('[aria-label=Now] .figures')
    expect(await announced(page)).toContain('Your limit of calls a minute is used up.')
    expect(refused).toBeGreaterThan(1)

    // A proxy that refuses in the service's place, once: the session is renewed at the next try.
    let proxied = 0
    faults.before = (request) =>
      request.url.endsWith('/v1/auth/refresh') && proxied++ === 0
        ? new Response('<h1>No</h1>', { status: 403 })
        : undefined
    await page.reload()
    await page.waitForSelector('[aria-label=Now] .figures')
    expect(proxied).toBeGreaterThan(1)
    faults.before = null

    await page.setOfflineMode(true)
    await press(page, '90 days')
    await untilShown(page, 'The service cannot be reached.')
    // A page whose file is not here waits, and opens once the service is back.
    await follow(page, 'People')
    await untilTrue(page, "location.pathname === '/console/people'")
    await page.setOfflineMode(false)
    await page.waitForSelector('.people')
    await page.goBack()
    await untilGone(page, 'The service cannot be reached.')
    await untilTrue(page, "document.querySelectorAll('.problem').length === 0")
    expect(await announced(page)).toContain('The service can be reached again.')
    await close(tab)
  })

  test('what was typed survives the step-up, and the action goes on by itself; the skip link leads to the content', async () => {
    const target = await givenAccount(app)
    const tab = await visitAs('superadmin', `/people/${target.id}`)
    const { page } = tab
    // The sign-in was an hour ago; the next token says so.
    await app.sql`
      update sessions set auth_time = clock_timestamp() - interval '1 hour' where account_id = ${tab.person.id}`
    await page.reload()
    await press(page, 'Remove second factors')
    await page.waitForSelector('dialog [name=reason]')
    await page.type('dialog [name=reason]', 'Lost the telephone')
    await page.locator('dialog form button[type=submit]').click()
    await page.waitForSelector('dialog [name=proof]')
    // Given up, the action is as it was: what was typed is there, and nothing is done.
    await page.evaluate(
      "[...document.querySelectorAll('dialog')].at(-1).querySelector('button:not([type=submit])').click()",
    )
    await untilTrue(page, "!document.querySelector('dialog [name=proof]')")
    expect(await page.evaluate("document.querySelector('dialog [name=reason]').value")).toBe('Lost the telephone')
    await page.locator('dialog form button[type=submit]').click()
    await page.waitForSelector('dialog [name=proof]')
    await page.type('dialog [name=proof]', tab.person.password)
    await page.evaluate("document.querySelector('dialog [name=proof]').form.requestSubmit()")
    await untilShown(page, `${target.email} has no second factor any more.`)
    // The skip link is the first thing that a keyboard reaches.
    await page.reload()
    await page.waitForSelector('.actions')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.className')).toBe('skip')
    await page.keyboard.press('Enter')
    await untilTrue(page, "document.activeElement.id === 'content'")
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a console that nobody touches signs out', async () => {
    const tab = await visit()
    const { page } = tab
    await page.evaluateOnNewDocument(`
      const every = setInterval
      globalThis.setInterval = (call, ms) => every(call, Math.min(ms, 200))
      const now = Date.now
      globalThis.later = 0
      Date.now = () => now() + globalThis.later`)
    await page.reload()
    await signIn(page, await givenAccount(app, { role: 'superadmin' }))
    // The browser may tell late of what was touched before.
    await untilTrue(
      page,
      "(globalThis.later += 31 * 60_000) && document.body.innerText.includes('because nothing was done here for 30 minutes')",
    )
    expect(await page.evaluate("sessionStorage.getItem('manas360-console')")).toBeNull()
    await close(tab)
  })
})
