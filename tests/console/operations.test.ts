import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { jobTexts } from '../../src/console/browser/pages/operations/job-texts-en.ts'
import { jobsOfRooms } from '../../src/room-jobs.ts'
import { hold, outsideOf } from '../jobs/locks.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { accessibilityFaults, inScheme, isTooWide } from '../support/browser.ts'
import { openConsole, press, untilGone, untilShown } from '../support/console.ts'
import { openSender, queueReset, settled } from '../support/mail.ts'
import { payingTools } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'
import { openSmtpServer } from '../support/smtp-server.ts'
import { describeWith } from '../support/tools.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeWith(['chromium'], 'chromium')('operations in the console', async () => {
  const site = await openConsole({ BILLING_PROVIDERS: 'sandbox' })
  const { app, visitAs, close } = site
  const outside = outsideOf(app)
  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>\u202Emoor'
  // What turns the direction is written out.
  const written = hostile.replace('\u202e', '\\u{202e}')
  const forget = (page: Page) =>
    page.evaluate("for (const one of document.querySelectorAll('.notice button')) one.click()")
  const confirm = (page: Page) => page.click('dialog form button[type=submit]')
  /** What is asked again every few seconds comes at once; `ticks` counts how often it was about to be. */
  const hasten = (page: Page) =>
    page.evaluateOnNewDocument(`
      globalThis.ticks = 0
      const every = setInterval
      globalThis.setInterval = (call, ms) => every(() => { globalThis.ticks++; call() }, Math.min(ms, 200))`)
  const ticks = (page: Page) => page.evaluate('ticks') as Promise<number>

  test('each job that there can be has a sentence on what comes of it', () => {
    const { deps } = app
    // Also those that only some configurations have.
    const others = jobsOfRooms({
      ...deps,
      mail: { ...deps.mail, isOn: false },
      config: { ...deps.config, inactiveAccountDays: 400 },
    })
    const names = new Set([...deps.jobs, ...others].map(({ name }) => name))
    expect(Object.keys(jobTexts).sort()).toEqual([...names].sort())
  })

  test('a job is run with its consequence told, its end is told, and one that runs is begun by nobody else', async () => {
    await app.sql`
      select finish_job('purge-expired', clock_timestamp() - interval '3 seconds', 'failed', ${`${hostile} ${'x'.repeat(200)}`})`
    const tab = await visitAs('superadmin', '/operations')
    const { page } = tab
    await untilShown(page, 'Age of the rights feed')
    await page.waitForSelector('.worked tbody tr')
    await page.click('details.said summary')
    await untilShown(page, `${written} ${'x'.repeat(200)}`)
    expect(await accessibilityFaults(page)).toEqual([])

    // Whoever runs it waits for this lock with the job in its hands.
    const letGo = await hold(outside, 'lock table job_runs in share mode')
    await press(page, 'Run now: settle-teams')
    await untilShown(page, 'Gives the members of a team')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    await untilShown(page, 'settle-teams has begun.')
    await untilShown(page, 'runs now')
    expect(await page.$('button[aria-label="Run now: settle-teams"]')).toBeNull()
    await letGo()
    await untilShown(page, 'settle-teams succeeded after')
    await page.waitForSelector('button[aria-label="Run now: settle-teams"]')

    await app.sql`alter function refresh_views() rename to no_refresh_views`
    await press(page, 'Run now: refresh-views')
    await confirm(page)
    await untilShown(page, 'refresh-views failed: function public.refresh_views() does not exist')
    await app.sql`alter function no_refresh_views() rename to refresh_views`

    await forget(page)
    await press(page, 'Run now: end-expired')
    const end = await hold(outside, `select pg_advisory_xact_lock(360360, hashtext('end-expired'))`)
    await confirm(page)
    await untilShown(page, 'Somebody is running end-expired already; nothing was begun.')
    await end()
    expect(await app.sql`select 1 from audit_logs where action = 'job.run' and entity_id = 'end-expired'`).toHaveLength(
      0,
    )
    await page.setViewport({ width: 320, height: 700 })
    await inScheme(page, 'dark')
    await press(page, 'हिन्दी')
    await untilShown(page, 'संचालन')
    expect(await isTooWide(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('it asks again by itself while somebody looks, and not while nobody does; a lost connection is made up for', async () => {
    const tab = await visitAs('superadmin')
    const { page } = tab
    await hasten(page)
    await page.goto(site.address('/operations'))
    await page.waitForSelector('.worked tbody tr')
    const seen = (name: string) =>
      page.waitForFunction(
        `[...document.querySelectorAll('.worked tbody tr')].find((row) => row.innerText.includes('${name}')).innerText.includes('told by itself')`,
      )
    await app.sql`select finish_job('seal-audit', clock_timestamp(), 'failed', 'told by itself')`
    await seen('seal-audit')

    await page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    const [asked, ticked] = [tab.requests.length, await ticks(page)]
    await page.waitForFunction(`ticks > ${ticked} + 6`)
    expect(tab.requests.length).toBe(asked)
    await app.sql`select finish_job('forget-uses', clock_timestamp(), 'failed', 'told by itself')`
    await page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
    await seen('forget-uses')

    await page.setOfflineMode(true)
    await untilShown(page, 'The service cannot be reached.')
    await app.sql`select finish_job('erase-invited', clock_timestamp(), 'failed', 'told by itself')`
    await page.setOfflineMode(false)
    await untilGone(page, 'The service cannot be reached.')
    await seen('erase-invited')
    expect(tab.complaints.filter((one) => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    await close(tab)
  })

  test('a mail that failed says why, is sent again, and its list is read anew when the counts change, not by the clock', async () => {
    const smtp = await openSmtpServer()
    openSender(app, { url: smtp.url })
    const unknown = new Set<string>()
    smtp.behaviour.answer = (to) => (unknown.has(to) ? { rcpt: '550 5.1.1 no such user' } : undefined)
    const failed = async () => {
      const person = await givenAccount(app)
      unknown.add(person.email)
      await queueReset(app, person)
      await settled(app, person.id, ({ status }) => status === 'failed')
      unknown.delete(person.email)
      return person
    }
    const person = await failed()
    await app.sql`update mail_outbox set last_error = last_error || ${` ${hostile}`} where account_id = ${person.id}`
    const tab = await visitAs('superadmin')
    const { page } = tab
    await hasten(page)
    await page.goto(site.address('/operations/mail'))
    await page.waitForSelector('details.said summary')
    await page.click('details.said summary')
    await untilShown(page, `550 5.1.1 no such user ${written}`)
    expect(await accessibilityFaults(page)).toEqual([])
    const readings = async () =>
      (await app.sql`select 1 from audit_logs where action = 'mail.search' and actor_id = ${tab.person.id}`).length
    const [read, ticked] = [await readings(), await ticks(page)]
    await page.waitForFunction(`ticks > ${ticked} + 6`)
    expect(await readings()).toBe(read)
    const rows = (count: number) =>
      page.waitForFunction(`document.querySelectorAll('.worked tbody tr').length === ${count}`)
    await rows(1)
    const another = await failed()
    await rows(2)

    await app.sql`update mail_outbox set recipient = null where account_id = ${another.id}`
    await page.click('.worked tbody tr:first-child button')
    await untilShown(page, 'A link in it keeps its own end')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    // The service's own sentence, with the request's id.
    await untilShown(page, 'It was sent, or is not kept.')
    await page.waitForSelector('dialog .reference code')
    await page.keyboard.press('Escape')
    await page.waitForFunction("!document.querySelector('dialog')")
    await page.click('.worked tbody tr:last-child button')
    await confirm(page)
    await untilShown(page, 'reset-password is on its way again.')
    await smtp.arrived(person.email)
    await rows(1)
    await page.select('[name=status]', 'sent')
    await page.waitForFunction("location.search === '?status=sent'")
    await page.waitForFunction(
      `[...document.querySelectorAll('.worked a')].some((one) => one.href.endsWith('${person.id}'))`,
    )
    await page.click('.figure a')
    await page.waitForFunction("location.search === '' && document.querySelector('[name=status]').value === 'failed'")
    await page.goto(site.address(`/operations/mail?status=${encodeURIComponent(hostile)}`))
    await page.waitForSelector('main [role=alert] .reference')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a payment event that failed says why and is replayed; the rest of the page is not offered to whom it does not belong', async () => {
    const { worker, sandbox, givenPaying, subscriptionOf } = payingTools(app)
    const person = await givenPaying('starter')
    const event = `evt_${hostile}`
    await app.sql`
      insert into billing_events (provider, event_id, type, object_id, status, last_error, ended_at)
      values ('sandbox', ${event}, 'subscription.updated', ${await subscriptionOf(person)}, 'failed', ${`unavailable: ${hostile}`}, now()),
             ('stripe', 'evt_other', ${hostile}, ${hostile}, 'failed', null, now())`
    expect(sandbox.name).toBe('sandbox')
    const tab = await visitAs('admin', '/operations')
    const { page } = tab
    await untilShown(page, 'unavailable: <img src=x onerror=alert(1)>')
    expect(await page.$$eval('.tabs a', (all) => all.map((one) => one.textContent))).toEqual(['Billing events'])
    expect(tab.requests.filter(({ url }) => /admin\/(jobs|operations|mail|webhooks)/.test(url))).toEqual([])
    expect(await accessibilityFaults(page)).toEqual([])
    await page.select('[name=provider]', 'sandbox')
    await page.waitForFunction("document.querySelectorAll('.worked tbody tr').length === 1")
    await page.click('.worked tbody button')
    await untilShown(page, 'The provider is asked what its object is now')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    await untilShown(page, 'subscription.updated is looked into anew.')
    await untilShown(page, 'There is nothing here.')
    await worker.idle()
    await page.select('[name=status]', 'done')
    await untilShown(page, 'evt_<img src=x onerror=alert(1)>')
    await page.setViewport({ width: 320, height: 700 })
    expect(await isTooWide(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.goto(site.address(`/operations/billing-events?provider=${encodeURIComponent(hostile)}`))
    await page.waitForSelector('main [role=alert] .reference')
    const { accessToken: bearer } = await logIn(app, tab.person)
    for (const path of ['jobs/seal-audit/run', `mail/${person.id}/retry`])
      await expectProblem(await app.request(`/v1/admin/${path}`, { method: 'POST', bearer }), 'permission-denied')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })
})
