import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { account, role } from '../../src/audit/actor.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { seal, writeRows } from '../audit/trail.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { accessibilityFaults, describeInBrowser, inScheme, isTooWide, untilTrue } from '../support/browser.ts'
import { fillIn, follow, hasten, openConsole, press, ticks, untilGone, untilShown } from '../support/console.ts'
import { expectProblem } from '../support/problems.ts'
import { openRoles } from '../support/roles.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('the audit trail in the console', async () => {
  const site = await openConsole()
  const { app, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)><script>alert(1)</script>'
  const turned = 'safe\u202etxt.exe'
  const [person, other] = [await givenAccount(app), await givenAccount(app)]
  await writeRows(app, 320)
  const lockOther = () =>
    app.deps.audit.record(
      app.sql,
      {
        principal: { accountId: person.id },
        origin: { ip: '192.0.2.77', userAgent: hostile, requestId: 'request-77' },
      },
      'account.lock',
      account(other.id),
      { details: { reason: hostile, [hostile]: turned }, before: { status: hostile }, after: { status: turned } },
    )
  await lockOther()
  await app.deps.audit.record(
    app.sql,
    { principal: { accountId: person.id }, origin: { ip: '192.0.2.77', userAgent: turned, requestId: hostile } },
    'role.update',
    role(hostile),
  )
  const addressOf = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams)
  /** Resolves when so many are shown, and nothing moves any more. */
  const shownCount = async (page: Page, text: string) => {
    await untilTrue(page, `document.querySelector('main > div > [role=status]')?.textContent === '${text}'`)
    await page.waitForSelector('.seals:not([aria-busy])')
  }

  test('it is searched by its address and its fields, goes on by itself, and keeps few rows', async () => {
    const tab = await visitAs('admin', '/audit?action=account.lock')
    const { page } = tab
    await page.waitForSelector('.seals:not([aria-busy])')
    // A quarter of the rows, and the one of this file.
    await untilTrue(
      page,
      "scrollTo(0, document.body.scrollHeight) || document.querySelector('main > div > [role=status]')?.textContent === '81 found.'",
    )
    await page.evaluate('scrollTo(0, 0)')
    expect(await accessibilityFaults(page)).toEqual([])
    await press(page, 'Show everything')
    await untilTrue(
      page,
      "scrollTo(0, document.body.scrollHeight) || [...document.querySelectorAll('.trail tbody')].length >= 4",
    )
    await page.evaluate('scrollTo(0, 0)')
    // What is far from the window has its height, and no rows.
    await untilTrue(page, "document.querySelectorAll('.trail tbody tr[aria-rowindex]').length < 320")
    expect(await page.$eval('[name=action]', (field) => (field as unknown as { value: string }).value)).toBe('')
    await fillIn(page, 'Who did it', person.id)
    await page.keyboard.press('Enter')
    await shownCount(page, '2 found.')
    expect(addressOf(page)).toEqual({ actor: person.id })
    await page.select('[name=kind]', 'account')
    await fillIn(page, 'Its id or name', other.id)
    await fillIn(page, 'From the address', '192.0.2.77')
    await press(page, 'Search')
    await shownCount(page, '1 found.')
    expect(addressOf(page)).toEqual({ actor: person.id, resource: `account:${other.id}`, ip: '192.0.2.77' })
    // The clock of the browser's computer, as the person reads it.
    await page.$eval('[name=to]', (field) => ((field as unknown as { value: string }).value = '2026-01-31T09:30'))
    await press(page, 'Search')
    await shownCount(page, '0 found.')
    expect(addressOf(page).to).toBe(new Date('2026-01-31T09:30').toISOString())
    // What is written wrongly is refused in the service's words, at its field.
    await page.$eval('[name=to]', (field) => ((field as unknown as { value: string }).value = ''))
    await fillIn(page, 'Action', hostile)
    await press(page, 'Search')
    await page.waitForSelector('[name=action][aria-invalid=true]')
    await untilShown(page, 'An action reads entity.verb')
    await page.waitForSelector('.more .problem .reference code')
    await page.select('[name=kind]', '')
    await press(page, 'Search')
    await untilShown(page, 'Choose what it is, too.')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('an entry is opened by keyboard, says all that it holds as text, and leads on', async () => {
    const tab = await visitAs('superadmin', `/audit?actor=${person.id}`)
    const { page } = tab
    await shownCount(page, '2 found.')
    await untilShown(page, hostile)
    await page.focus('.trail tbody tr:last-child button')
    await page.keyboard.press('Enter')
    await page.waitForSelector('dialog h2')
    for (const text of [hostile, '\\u{202e}', 'request-77', '192.0.2.77', other.id]) await untilShown(page, text)
    expect(await page.evaluate(`document.body.innerText.includes(${JSON.stringify(turned)})`)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await untilTrue(page, "!document.querySelector('dialog')")
    expect(await page.evaluate("document.activeElement.closest('tr').rowIndex")).toBe(2)
    await page.keyboard.press('Enter')
    await press(page, 'Newer')
    await untilTrue(page, "document.querySelector('dialog h2').textContent === 'role.update'")
    await press(page, 'Older')
    await press(page, 'Only this action')
    await untilTrue(page, "!document.querySelector('dialog')")
    expect(addressOf(page)).toEqual({ action: 'account.lock' })
    await untilShown(page, '81 found.')

    await inScheme(page, 'dark')
    await page.setViewport({ width: 320, height: 700 })
    await press(page, 'हिन्दी')
    await untilShown(page, 'ऑडिट रिकॉर्ड')
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    await page.locator('.trail tbody button').click()
    await page.waitForSelector('dialog h2')
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    await page.keyboard.press('Escape')
    await press(page, 'English')
    await page.setViewport({ width: 1_280, height: 700 })
    await fillIn(page, 'Who did it', person.id)
    await page.keyboard.press('Enter')
    await shownCount(page, '1 found.')
    await follow(page, person.id)
    await untilShown(page, person.email)
    // Going back finds the list as it was left, and reads nothing; the menu reads anew.
    const readings = () => tab.requests.filter(({ url }) => url.includes('/audit-logs?')).length
    await page.waitForSelector('.tabs')
    const before = readings()
    await page.goBack()
    await shownCount(page, '1 found.')
    expect(readings()).toBe(before)
    for (const times of [1, 2]) {
      await follow(page, 'People')
      await untilShown(page, 'Search by name or address')
      const read = page.waitForResponse((answer) => answer.url().includes('/audit-logs?'))
      await follow(page, 'Audit')
      await read
      await untilTrue(page, "document.querySelectorAll('.trail tbody tr').length > 1")
      expect(readings()).toBe(before + times)
    }
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('what is new comes by itself while somebody looks, and nothing is read while nothing happens', async () => {
    const tab = await visitAs('admin')
    const { page } = tab
    // What is asked every few seconds is asked at once.
    await hasten(page)
    const ticked = async (times: number) => untilTrue(page, `ticks > ${(await ticks(page)) + times}`)
    let answered = 0
    page.on('requestfinished', (request) => {
      if (request.url().includes('/audit-logs')) answered += 1
    })
    await page.goto(site.address(`/audit?resource=account:${other.id}`))
    await shownCount(page, '1 found.')
    await page.locator('.follow input').click()
    await untilShown(page, 'Following. Nothing new has come yet.')
    expect(addressOf(page).follow).toBe('on')
    const asked = (what: RegExp) => tab.requests.filter(({ url }) => what.test(url)).length
    // The list, and what may have come since: the switch reads once.
    while (asked(/audit-logs\?/) < 2) await ticked(1)
    const [states, readings] = [asked(/audit-logs\/state/), asked(/audit-logs\?/)]
    await ticked(8)
    expect([asked(/audit-logs\/state/) > states, asked(/audit-logs\?/)]).toEqual([true, readings])
    await lockOther()
    await untilTrue(page, "/^New entries at .*: 1\\.$/.test(document.querySelector('.came').textContent)")
    await shownCount(page, '2 found.')
    expect(await page.$$eval('.trail tbody code', (all) => all.length)).toBeGreaterThan(0)

    // In a window that nobody sees nothing is asked; whoever comes back finds what came meanwhile.
    await page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    // What was asked before is answered, and what is asked for that as well.
    do await ticked(1)
    while (answered < asked(/audit-logs/))
    const unseen = asked(/audit-logs/)
    await lockOther()
    await lockOther()
    await ticked(8)
    expect(asked(/audit-logs/)).toBe(unseen)
    await page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
    await shownCount(page, '4 found.')

    await page.setOfflineMode(true)
    await untilShown(page, 'The service cannot be reached.')
    await lockOther()
    await page.setOfflineMode(false)
    await untilGone(page, 'The service cannot be reached.')
    await shownCount(page, '5 found.')
    await lockOther()
    await shownCount(page, '6 found.')
    expect(await accessibilityFaults(page)).toEqual([])
    expect(tab.complaints.filter((one) => !one.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([])
    await close(tab)
  })

  test('how far the trail is sealed and verified is told, and what stands against it', async () => {
    await seal(app)
    await runJobNow(app.deps, 'verify-audit')
    const tab = await visitAs('admin', '/audit?action=account.lock')
    const { page } = tab
    await untilShown(page, 'Sound')
    await untilShown(page, 'Up to seal 1,')
    await untilShown(page, 'No. 1, up to the entry of')
    // Whoever may insert rows may insert a seal that nobody signed, under a key's name of their own.
    await app.sql`
      insert into audit_checkpoints (id, sealed_at, row_count, audit_ids, digest, previous_mac, key_id, mac)
      select 2, sealed_at, row_count, audit_ids, digest, mac, ${app.deps.audit.keyId}, sha256('mac') from audit_checkpoints where id = 1`
    await runJobNow(app.deps, 'verify-audit').catch(() => {})
    await page.reload()
    await untilShown(page, 'The audit trail was tampered with.')
    await untilShown(page, 'checkpoint 2 was edited or added: nobody signed it')
    expect(await accessibilityFaults(page)).toEqual([])
    await press(page, 'हिन्दी')
    await untilShown(page, 'ऑडिट रिकॉर्ड से छेड़छाड़ हुई है।')
    await page.setViewport({ width: 320, height: 700 })
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('without the permission it is not offered, and refused when forced', async () => {
    const root = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    const { givenRole } = await openRoles(app, root.accessToken)
    const tab = await visitAs(await givenRole(60, ['analytics.read']), '/audit')
    await untilShown(tab.page, 'There is no such page, or your role may not open it.')
    await untilGone(tab.page, 'Audit')
    const { accessToken } = await logIn(app, tab.person)
    await expectProblem(await app.request('/v1/admin/audit-logs', { bearer: accessToken }), 'permission-denied')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })
})
