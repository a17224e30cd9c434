import { expect, setDefaultTimeout, test } from 'bun:test'
import { givenAccount, logIn } from '../support/accounts.ts'
import { accessibilityFaults, describeInBrowser, isTooWide, untilTrue } from '../support/browser.ts'
import { confirm, fillIn, follow, hasten, openConsole, pressIn, ticks, untilShown } from '../support/console.ts'
import { openSender, queueReset, settled } from '../support/mail.ts'
import { payingTools } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'
import { openSmtpServer } from '../support/smtp-server.ts'
import { webhookEndpoints } from '../support/webhook-endpoints.ts'
import { openReceiver } from '../support/webhook-receiver.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('queues in the console', async () => {
  const site = await openConsole({ BILLING_PROVIDERS: 'sandbox' })
  const { app, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>\u202Emoor'
  // What turns the direction is written out.
  const described = hostile.replace('\u202e', '')
  const written = hostile.replace('\u202e', '\\u{202e}')

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
    await pressIn(page, 'details.said summary')
    await untilShown(page, `550 5.1.1 no such user ${written}`)
    expect(await accessibilityFaults(page)).toEqual([])
    const readings = async () =>
      (await app.sql`select 1 from audit_logs where action = 'mail.search' and actor_id = ${tab.person.id}`).length
    const [read, ticked] = [await readings(), await ticks(page)]
    await untilTrue(page, `ticks > ${ticked} + 6`)
    expect(await readings()).toBe(read)
    const rows = (count: number) => untilTrue(page, `document.querySelectorAll('.worked tbody tr').length === ${count}`)
    await rows(1)
    await untilShown(page, '1 failed')
    const another = await failed()
    await rows(2)
    await app.sql`update mail_outbox set recipient = null where account_id = ${another.id}`
    await pressIn(page, '.worked tbody tr:first-child button')
    await untilShown(page, 'A link in it keeps its own end')
    await confirm(page)
    // The service's own sentence, with the request's id.
    await untilShown(page, 'It was sent, or is not kept.')
    await page.waitForSelector('dialog .reference code')
    await page.keyboard.press('Escape')
    await untilTrue(page, "!document.querySelector('dialog')")
    await pressIn(page, '.worked tbody tr:last-child button')
    await confirm(page)
    await untilShown(page, 'reset-password is on its way again.')
    await smtp.arrived(person.email)
    await rows(1)
    await page.select('[name=status]', 'sent')
    await untilTrue(page, "location.search === '?status=sent'")
    await untilTrue(
      page,
      `[...document.querySelectorAll('.worked a')].some((one) => one.href.endsWith('${person.id}')) && !document.querySelector('.worked tbody button')`,
    )
    await page.locator('.figure a').click()
    await untilTrue(page, "location.search === '' && document.querySelector('[name=status]').value === 'failed'")
    await page.goto(site.address(`/operations/mail?status=${encodeURIComponent(hostile)}`))
    await page.waitForSelector('main [role=alert] .reference')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a payment event that failed says why and is replayed; the rest of the page is not offered to whom it does not belong', async () => {
    const { worker, givenPaying, subscriptionOf } = payingTools(app)
    const person = await givenPaying('starter')
    const event = `evt_${hostile}`
    await app.sql`
      insert into billing_events (provider, event_id, type, object_id, status, last_error, ended_at)
      values ('sandbox', ${event}, 'subscription.updated', ${await subscriptionOf(person)}, 'failed', ${`unavailable: ${hostile}`}, now()),
             ('stripe', 'evt_other', ${hostile}, ${hostile}, 'failed', null, now())`
    const tab = await visitAs('admin', '/operations')
    const { page } = tab
    await untilShown(page, 'unavailable: <img src=x onerror=alert(1)>')
    expect(await page.$$eval('.tabs a', (all) => all.map((one) => one.textContent))).toEqual(['Billing events'])
    expect(tab.requests.filter(({ url }) => /admin\/(jobs|operations|mail|webhooks)/.test(url))).toEqual([])
    expect(await accessibilityFaults(page)).toEqual([])
    await page.select('[name=provider]', 'sandbox')
    await untilTrue(page, "document.querySelectorAll('.worked tbody tr').length === 1")
    await pressIn(page, '.worked tbody button')
    await untilShown(page, 'The provider is asked what its object is now')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    await untilShown(page, 'subscription.updated is looked into anew.')
    await untilShown(page, 'There is nothing here.')
    await worker.idle()
    await page.select('[name=status]', 'done')
    await untilShown(page, 'evt_<img src=x onerror=alert(1)>')
    await page.setViewport({ width: 320, height: 700 })
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    await page.goto(site.address(`/operations/billing-events?provider=${encodeURIComponent(hostile)}`))
    await page.waitForSelector('main [role=alert] .reference')
    const { accessToken: bearer } = await logIn(app, tab.person)
    for (const path of ['jobs/seal-audit/run', `mail/${person.id}/retry`, `webhooks/${person.id}/test`])
      await expectProblem(await app.request(`/v1/admin/${path}`, { method: 'POST', bearer }), 'permission-denied')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('an endpoint is made, tested, switched on again with its reason told, and a delivery is sent once more', async () => {
    const receiver = openReceiver()
    const tab = await visitAs('superadmin')
    const { page } = tab
    await hasten(page)
    // The page is drawn anew all the time: a pointer may go down on a button that is another when it comes up.
    const pressAtOnce = async (name: string) => {
      const button = await page.waitForSelector(`aria/${name}[role="button"]`)
      await button?.evaluate((one) => (one as unknown as { click: () => void }).click())
    }
    await page.goto(site.address('/operations/webhooks'))
    const sender = webhookEndpoints(app, '').openSender()
    const secret = () => page.$eval('dialog .copied code', (one) => one.textContent ?? '')
    await pressAtOnce('New endpoint')
    await fillIn(page, 'Address (URL)', hostile)
    await fillIn(page, 'Description', hostile)
    await confirm(page)
    await page.waitForSelector('dialog [name=url][aria-invalid=true]')
    await page.waitForSelector('dialog [name=description][aria-invalid=true]')
    await untilTrue(page, "document.querySelector('dialog fieldset .error').textContent !== ''")
    expect(await accessibilityFaults(page)).toEqual([])
    await fillIn(page, 'Address (URL)', receiver.url)
    await fillIn(page, 'Description', described)
    await page.locator('dialog [name="on catalogue.changed"]').click()
    await confirm(page)
    await untilShown(page, 'It is shown this once.')
    receiver.behaviour.secrets.push(await secret())
    await pressAtOnce('Close')
    await untilShown(page, described)
    await follow(page, receiver.url)
    await pressAtOnce('Send a test')
    await confirm(page)
    await untilShown(page, 'A test is on its way.')
    await sender.idle()
    await untilShown(page, 'delivered')
    receiver.behaviour.answer = () => new Response(hostile, { status: 410 })
    await pressIn(page, '.worked tbody button')
    await untilShown(page, 'The same message is sent once more')
    await confirm(page)
    await untilShown(page, 'webhook.test is on its way again.')
    await sender.idle()
    // By itself: the receiver is gone, and what it said is there as it is.
    await untilShown(page, 'switched off: the receiver answered that it is gone (410)')
    await untilShown(page, written)
    expect(await page.$('.worked tbody button')).toBeNull()
    receiver.behaviour.answer = () => new Response('taken')
    await pressAtOnce('Switch on')
    await confirm(page)
    await untilShown(page, `${receiver.url} is on.`)
    await pressIn(page, '.worked tbody button')
    await confirm(page)
    await untilTrue(page, "document.querySelectorAll('.worked tbody tr').length === 3")
    await sender.idle()
    await untilTrue(page, "[...document.querySelectorAll('.said')].some((one) => one.textContent === 'taken')")
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1)
    await pressAtOnce('New secret')
    await confirm(page)
    await untilShown(page, 'The one before signs too until')
    expect(await secret()).not.toBe(receiver.behaviour.secrets[0] ?? '')
    await pressAtOnce('Close')
    await pressAtOnce('Edit')
    await page.waitForSelector('dialog [name=description]')
    expect(await page.evaluate("document.querySelector('dialog [name=description]').value")).toBe(described)
    await page.locator('dialog [name="on role.changed"]').click()
    await confirm(page)
    await untilShown(page, 'Events: role.changed, catalogue.changed')
    expect(await accessibilityFaults(page)).toEqual([])
    await pressAtOnce('Switch off')
    await confirm(page)
    await untilShown(page, `${receiver.url} is off.`)
    await pressAtOnce('Undo')
    await untilShown(page, 'That is undone.')
    await page.setViewport({ width: 320, height: 700 })
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    await pressAtOnce('Delete')
    await confirm(page)
    await untilShown(page, `${receiver.url} is deleted.`)
    await untilShown(page, 'There is nothing here.')
    await page.goto(site.address(`/operations/webhooks?endpoint=${encodeURIComponent('../users')}`))
    await untilShown(page, 'New endpoint')
    expect(tab.requests.filter(({ url }) => /users/.test(new URL(url).pathname))).toEqual([])
    expect(tab.complaints).toEqual([])
    await close(tab)
    await sender.stop()
  })
})
