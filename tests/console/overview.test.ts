import { expect, setDefaultTimeout, test } from 'bun:test'
import { accessibilityFaults, describeInBrowser, inScheme, isTooWide, untilTrue } from '../support/browser.ts'
import { openConsole, press, untilShown } from '../support/console.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('the overview of the console', async () => {
  const site = await openConsole()
  const { app, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)>'
  await app.sql`
    insert into user_accounts (id, email, role, created_at)
    select gen_random_uuid(), 'overview' || i || '@people.test', 'user', now() - i * interval '24 hours'
      from generate_series(0, 40) i`
  await app.sql`
    insert into feature_denials (day, feature, denials) values ((now() at time zone 'UTC')::date, ${hostile}, 7)`
  await app.sql`select run_job('refresh-views')`

  test('shows figures, plots with a table behind each, and remembers the days in the address', async () => {
    const tab = await visitAs('superadmin', '?days=7')
    const { page } = tab
    await page.waitForSelector('.plot canvas')
    await untilShown(page, 'Age of the rights feed')
    // Text of the database is text, whatever it looks like.
    await untilShown(page, hostile)
    await untilTrue(page, "document.querySelectorAll('.plot canvas').length >= 4")
    expect(await accessibilityFaults(page)).toEqual([])
    await page.evaluate("document.querySelector('summary').click()")
    await page.waitForSelector('details[open] tbody tr')
    expect(await page.$$eval('details[open] tbody tr', (rows) => rows.length)).toBe(7)
    await press(page, '90 days')
    await untilTrue(
      page,
      "location.search === '?days=90' && document.querySelectorAll('details[open] tbody tr').length === 90",
    )
    await page.reload()
    await page.waitForSelector('main button[aria-pressed=true]')
    expect(await page.$eval('main button[aria-pressed=true]', (one) => one.textContent)).toBe('90 days')
    await page.evaluate(`
      const field = document.querySelector('input[type=date]')
      field.value = field.max.slice(0, 8) + '01'
      field.dispatchEvent(new Event('input'))`)
    await untilTrue(page, "location.search.startsWith('?from=')")
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('fits 320 px in Hindi and in the dark, and offers no part that the role may not read', async () => {
    const tab = await visitAs('admin', '', { width: 320 })
    const { page } = tab
    await page.waitForSelector('.plot canvas')
    expect(await page.$$eval('h2', (all) => all.map((one) => one.textContent))).not.toContain('Health')
    expect(tab.requests.filter(({ url }) => url.endsWith('/operations'))).toEqual([])
    await inScheme(page, 'dark')
    await press(page, 'हिन्दी')
    await untilShown(page, 'नए खाते')
    expect(await isTooWide(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(tab.complaints).toEqual([])
    await close(tab)
  })
})
