import { afterAll, expect, test } from 'bun:test'
import { createApp } from '../../src/app.ts'
import { createLogger } from '../../src/log/logger.ts'
import { openDeps } from '../../src/services.ts'
import { bodyOf } from '../support/app.ts'
import { accessibilityFaults, describeInBrowser, isTooWide, openBrowser, openTab } from '../support/browser.ts'
import { openPayingApp } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

// A browser waits for its turn on a busy machine longer than anything else here.

describeInBrowser('the sandbox’s pages in Chromium', async () => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, own): Response | Promise<Response> => app.app.fetch(request, { server: own }),
  })
  const app = await openPayingApp({
    PUBLIC_URL: server.url.origin,
    APP_URL: `${server.url.origin}/account/verify-email`,
  })
  const { request, givenTried, subscribe, post, read, worker } = app
  /** Another instance on the same database. */
  const log = createLogger({ level: 'silent', destination: { write: () => {} } })
  const elsewhere = await openDeps(app.config, log)
  const other = createApp(elsewhere)
  const browser = await openBrowser()
  afterAll(async () => {
    await browser.close()
    await server.stop(true)
    await elsewhere.close(2)
  })

  test('a denial, the checkout, a declined card, a good one: the next request passes, here and on another instance', async () => {
    const person = await givenTried('professional')
    const path = '/v1/entitlements/advanced_reporting'
    const there = () =>
      other.fetch(new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${person.bearer}` } }), {
        server: { requestIP: () => ({ address: '127.0.0.1' }), timeout: () => {} },
      })
    await expectProblem(await request(path, { bearer: person.bearer }), 'feature-not-in-plan')
    expect((await there()).status).toBe(403)
    const answer = await subscribe(person, 'professional')
    const { checkoutUrl } = await bodyOf<{ checkoutUrl: string }>(answer)
    const { page, complaints } = await openTab(browser)
    await page.goto(checkoutUrl)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await isTooWide(page)).toBe(false)
    const press = async (value: string) => {
      await Promise.all([page.waitForNavigation(), page.click(`button[value="${value}"]`)])
      return page.$eval('[role=status]', (element) => element.textContent)
    }
    expect(await press('decline')).toBe('The card was declined.')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    expect(await press('pay')).toBe('Paid')
    await worker.idle()
    const passed = await request(path, { bearer: person.bearer })
    expect([passed.status, passed.headers.get('authz-refresh')]).toEqual([200, '1'])
    await until(async () => (await there()).status === 200, 60, 'the rights on another instance')
    const portal = await bodyOf<{ portalUrl: string }>(await post(person, '/v1/subscription/portal', {}))
    await page.goto(portal.portalUrl)
    expect(await accessibilityFaults(page)).toEqual([])
    await press('refund')
    await worker.idle()
    await expectProblem(await request(path, { bearer: person.bearer }), 'feature-not-in-plan')
    await page.goto(`${server.url.origin}/sandbox`)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('a form of another page, from another machine, or of nothing known, is refused', async () => {
    const person = await givenTried('starter')
    const { checkoutUrl } = await bodyOf<{ checkoutUrl: string }>(await subscribe(person, 'starter'))
    const { pathname } = new URL(checkoutUrl)
    const send = (headers: Record<string, string>, action = 'pay', ip = '127.0.0.1') =>
      app.app.fetch(
        new Request(`http://localhost${pathname}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
          body: `action=${action}`,
        }),
        { server: { requestIP: () => ({ address: ip }), timeout: () => {} } },
      )
    expect((await send({ Origin: 'https://elsewhere.example' })).status).toBe(400)
    expect((await send({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(400)
    expect((await send({}, 'steal')).status).toBe(400)
    expect((await send({}, 'pay', '192.0.2.1')).status).toBe(404)
    const proxies =
      'Forwarded X-Forwarded-For X-Forwarded-Host Via X-Real-IP CF-Ray True-Client-IP Fly-Client-IP X-Amzn-Trace-Id X-Azure-ClientIP'
    for (const name of [...proxies.split(' '), 'X-AppEngine-User-IP', 'X-Vercel-Id', 'Ngrok-Trace-Id'])
      expect([name, (await send({ [name]: '192.0.2.1' })).status]).toEqual([name, 404])
    expect((await send({ Host: 'evil.test' })).status).toBe(404)
    await worker.idle()
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    expect((await send({})).status).toBe(303)
  })
})
