import { expect, setDefaultTimeout, test } from 'bun:test'
import { givenAccount, logIn } from '../support/accounts.ts'
import { bodyOf } from '../support/app.ts'
import { accessibilityFaults, describeInBrowser, inScheme, isTooWide, untilTrue } from '../support/browser.ts'
import { openConsole, press, untilGone, untilShown } from '../support/console.ts'
import { expectProblem } from '../support/problems.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('roles, plans and features in the console', async () => {
  const site = await openConsole()
  const { app, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)>'
  await app.sql`insert into roles (name, description, privilege_level) values ('helper', ${hostile}, 60)`
  await app.sql`insert into role_permissions (role, permission) values ('helper', 'profile.read')`
  const helper = await givenAccount(app, { role: 'helper' })
  const permissionsOf = async (role: string) =>
    (
      await app.sql<{ permission: string }[]>`
        select permission from role_permissions where role = ${role} order by permission`
    ).map(({ permission }) => permission)

  test('permissions are ticked, reviewed with whom they reach, saved, and what somebody else changed is told', async () => {
    const tab = await visitAs('superadmin', '/roles')
    const { page } = tab
    const tick = (name: string) => page.locator(`input[type=checkbox][aria-label="${name}"]`).click()
    await page.waitForSelector('input[aria-label="audit.read: helper"]')
    expect(await accessibilityFaults(page)).toEqual([])
    await tick('audit.read: helper')
    await untilShown(page, '1 changes are not saved.')
    await press(page, 'Review and save')
    await untilShown(page, `Affects 1 people: ${helper.email}`)
    await untilShown(page, 'Gets audit.read')
    expect(await accessibilityFaults(page)).toEqual([])
    await page.locator('dialog form button[type=submit]').click()
    await untilShown(page, 'helper is saved.')
    await untilGone(page, 'are not saved.')
    expect(await permissionsOf('helper')).toEqual(['audit.read', 'profile.read'])
    // Somebody else is faster: it is told, nothing is overwritten, and what was ticked stays.
    await tick('users.manage: helper')
    await app.sql`update roles set description = 'of somebody else' where name = 'helper'`
    await press(page, 'Review and save')
    await page.locator('dialog form button[type=submit]').click()
    await untilShown(page, 'Somebody else changed helper meanwhile.')
    expect(await permissionsOf('helper')).toEqual(['audit.read', 'profile.read'])
    await untilShown(page, 'Gets users.manage')
    await page.locator('dialog form button[type=submit]').click()
    await untilTrue(page, "!document.querySelector('dialog')")
    expect(await permissionsOf('helper')).toEqual(['audit.read', 'profile.read', 'users.manage'])
    await app.sql`update roles set description = ${hostile} where name = 'helper'`
    await press(page, 'Edit helper')
    await page.waitForSelector('dialog [name=description]')
    expect(await page.evaluate("document.querySelector('dialog [name=description]').value")).toBe(hostile)
    await page.click('dialog [name=description]', { count: 3 })
    await page.type('dialog [name=description]', 'Helps people')
    await app.sql`update roles set privilege_level = 61 where name = 'helper'`
    await page.locator('dialog form button[type=submit]').click()
    await untilShown(page, 'Level is now: 61')
    await page.locator('dialog form button[type=submit]').click()
    await untilGone(page, 'Delete the role')
    expect(
      await app.sql`select 1 from roles where name = 'helper' and description = 'Helps people' and privilege_level = 61`,
    ).toHaveLength(1)
    await press(page, 'Undo')
    await untilShown(page, 'That is undone.')
    expect(await app.sql`select 1 from roles where name = 'helper' and description = ${hostile}`).toHaveLength(1)
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('a plan gets a feature with a limit, its fields are edited, and its prices', async () => {
    const tab = await visitAs('superadmin', '/plans')
    const { page } = tab
    const cell = 'White label: Starter'
    await page.waitForSelector(`input[aria-label="${cell}"]`)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.locator(`input[aria-label="${cell}"]`).click()
    await page.type(`input[aria-label="Limit of ${cell}"]`, '7')
    await press(page, 'Review and save')
    await untilShown(page, 'Gets White label, up to 7')
    // What is no number changes nothing: above all it is not "unlimited".
    await press(page, 'Cancel')
    await page.type(`input[aria-label="Limit of ${cell}"]`, 'k')
    await press(page, 'Review and save')
    await untilShown(page, 'Gets White label, up to 7')
    await page.locator('dialog form button[type=submit]').click()
    await untilShown(page, 'Starter is saved.')
    const plan = async () =>
      bodyOf<{ trialDays: number; features: { name: string; limit: number | null }[]; prices: { currency: string }[] }>(
        await app.request('/v1/plans/starter'),
      )
    expect((await plan()).features).toContainEqual({ name: 'white_label', limit: 7 })
    await press(page, 'Edit Starter')
    await page.waitForSelector('dialog [name=trialDays]')
    await page.click('dialog [name=trialDays]', { count: 3 })
    await page.type('dialog [name=trialDays]', '999')
    await page.locator('dialog form button[type=submit]').click()
    await page.waitForSelector('dialog [name=trialDays][aria-invalid=true]')
    await page.click('dialog [name=trialDays]', { count: 3 })
    await page.type('dialog [name=trialDays]', '21')
    await page.locator('dialog form button[type=submit]').click()
    await untilTrue(page, "!document.querySelector('dialog')")
    expect((await plan()).trialDays).toBe(21)
    await press(page, 'Prices: Starter')
    await page.waitForSelector('dialog [name=currency]')
    await page.type('dialog [name=currency]', 'inr')
    await page.type('dialog [name="another month"]', '79900')
    await page.locator('dialog form button[type=submit]').click()
    await untilTrue(page, "!document.querySelector('dialog')")
    expect((await plan()).prices.map(({ currency }) => currency)).toContain('INR')
    await inScheme(page, 'dark')
    await page.setViewport({ width: 320, height: 700 })
    await press(page, 'हिन्दी')
    await untilShown(page, 'प्लान और फ़ीचर')
    expect(await isTooWide(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('what the role may not change is not offered, and refused when forced', async () => {
    const tab = await visitAs('admin', '/plans')
    await untilShown(tab.page, 'There is no such page, or your role may not open it.')
    expect(await tab.page.$$eval('nav a', (all) => all.map((one) => one.textContent))).toEqual([
      'Overview',
      'People',
      'Audit',
      'Operations',
    ])
    const { accessToken } = await logIn(app, tab.person)
    for (const path of ['/v1/admin/plans/starter', '/v1/admin/roles/helper'])
      await expectProblem(
        await app.request(path, { method: 'PATCH', bearer: accessToken, json: { description: 'forced' } }),
        'permission-denied',
      )
    expect(tab.complaints).toEqual([])
    await close(tab)
  })
})
