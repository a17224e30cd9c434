import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { account, role } from '../../src/audit/actor.ts'
import { writeRows } from '../audit/trail.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { accessibilityFaults, inScheme, isTooWide } from '../support/browser.ts'
import { fillIn, follow, openConsole, press, untilGone, untilShown } from '../support/console.ts'
import { expectProblem } from '../support/problems.ts'
import { openRoles } from '../support/roles.ts'
import { describeWith } from '../support/tools.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeWith(['chromium'], 'chromium')('the audit trail in the console', async () => {
  const site = await openConsole()
  const { app, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)><script>alert(1)</script>'
  const turned = 'safe\u202etxt.exe'
  const [person, other] = [await givenAccount(app), await givenAccount(app)]
  await writeRows(app, 320)
  await app.deps.audit.record(
    app.sql,
    { principal: { accountId: person.id }, origin: { ip: '192.0.2.77', userAgent: hostile, requestId: 'request-77' } },
    'account.lock',
    account(other.id),
    { details: { reason: hostile, [hostile]: turned }, before: { status: hostile }, after: { status: turned } },
  )
  await app.deps.audit.record(
    app.sql,
    { principal: { accountId: person.id }, origin: { ip: '192.0.2.77', userAgent: turned, requestId: hostile } },
    'role.update',
    role(hostile),
  )
  const addressOf = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams)
  const shownCount = (page: Page, text: string) =>
    page.waitForFunction(`document.querySelector('main > div > [role=status]')?.textContent === '${text}'`)

  test('it is searched by its address and its fields, goes on by itself, and keeps few rows', async () => {
    const tab = await visitAs('admin', '/audit?action=account.lock')
    const { page } = tab
    // A quarter of the rows, and the one of this file.
    await page.waitForFunction(
      "scrollTo(0, document.body.scrollHeight) || document.querySelector('main > div > [role=status]')?.textContent === '81 found.'",
    )
    await page.evaluate('scrollTo(0, 0)')
    expect(await accessibilityFaults(page)).toEqual([])
    await press(page, 'Show everything')
    await page.waitForFunction(
      "scrollTo(0, document.body.scrollHeight) || [...document.querySelectorAll('.trail tbody')].length >= 4",
    )
    await page.evaluate('scrollTo(0, 0)')
    // What is far from the window has its height, and no rows.
    await page.waitForFunction("document.querySelectorAll('.trail tbody tr[aria-rowindex]').length < 320")
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
    await page.waitForFunction("!document.querySelector('dialog')")
    expect(await page.evaluate("document.activeElement.closest('tr').rowIndex")).toBe(2)
    await page.keyboard.press('Enter')
    await press(page, 'Newer')
    await page.waitForFunction("document.querySelector('dialog h2').textContent === 'role.update'")
    await press(page, 'Older')
    await press(page, 'Only this action')
    await page.waitForFunction("!document.querySelector('dialog')")
    expect(addressOf(page)).toEqual({ action: 'account.lock' })
    await untilShown(page, '81 found.')

    await inScheme(page, 'dark')
    await page.setViewport({ width: 320, height: 700 })
    await press(page, 'हिन्दी')
    await untilShown(page, 'ऑडिट रिकॉर्ड')
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    await page.click('.trail tbody button')
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
