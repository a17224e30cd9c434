import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { givenAccount, logIn } from '../support/accounts.ts'
import { accessibilityFaults, describeInBrowser, isTooWide, untilTrue } from '../support/browser.ts'
import { fillIn, follow, openConsole, press, untilGone, untilShown } from '../support/console.ts'
import { expectProblem } from '../support/problems.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('people in the console', async () => {
  const site = await openConsole()
  const { app, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)>'
  await app.sql`
    insert into user_accounts (id, email, role, first_name, last_name, created_at)
    select gen_random_uuid(), 'many' || i || '@people.test', 'user', 'Many', ${hostile}, now() - i * interval '1 hour'
      from generate_series(1, 250) i`
  await app.sql`
    insert into user_subscriptions (id, account_id, plan, status)
    select gen_random_uuid(), id, 'free', 'active' from user_accounts where email like 'many%'`
  const person = await givenAccount(app)
  await app.sql`update user_accounts set first_name = 'Asha', last_name = ${hostile} where id = ${person.id}`

  const choose = (page: Page, name: string, value: string) => page.select(`[name=${name}]`, value)
  const dialog = async (page: Page, name: string, text: string) => {
    await page.waitForSelector(`dialog [name=${name}]`)
    await page.type(`dialog [name=${name}]`, text)
  }
  /** The button of the open dialog that does it. */
  const confirm = (page: Page) => page.locator('dialog form button[type=submit]').click()
  const statusOf = async () =>
    (await app.sql<{ status: string }[]>`select status from user_accounts where id = ${person.id}`)[0]?.status

  test('a list goes on by itself, keeps few rows, is searched as one types, and is found again as it was left', async () => {
    const tab = await visitAs('admin', '/people?q=many')
    const { page } = tab
    await untilTrue(page, "document.querySelectorAll('.people tbody').length >= 1")
    await untilShown(page, hostile)
    await untilTrue(
      page,
      "scrollTo(0, document.body.scrollHeight) || document.querySelector('[role=status].hint').textContent === '250 found.'",
    )
    await page.evaluate('scrollTo(0, 0)')
    // What is far from the window has its height, and no rows.
    await untilTrue(page, "document.querySelectorAll('.people tbody tr[aria-rowindex]').length < 250")
    // And what is near has its rows again, which are counted below.
    await untilTrue(
      page,
      `
      [...document.querySelectorAll('.people tbody')].every((one) => {
        const { top, bottom } = one.getBoundingClientRect()
        const isNear = top < innerHeight + 2_000 && bottom > -2_000
        return isNear === (one.querySelector('tr[aria-rowindex]') !== null)
      })`,
    )
    expect(await accessibilityFaults(page)).toEqual([])
    await page.evaluate(`
      globalThis.drawn = 0
      new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
          for (const one of addedNodes)
            if (one instanceof Element) drawn += one.matches('tr[aria-rowindex]') + one.querySelectorAll('tr[aria-rowindex]').length
      }).observe(document.querySelector('main'), { childList: true, subtree: true })`)
    await fillIn(page, 'Search by name or address', 'many249')
    await untilTrue(page, "location.search.includes('many249')")
    await untilShown(page, '1 found.')
    // The long list is not drawn anew while the answer to another question is awaited.
    expect(await page.evaluate('drawn')).toBeLessThan(100)
    await page.locator('.people tbody a').click()
    await untilShown(page, 'Back to the list')
    await page.goBack()
    await untilShown(page, '1 found.')
    await choose(page, 'status', 'locked')
    await untilShown(page, 'There is nothing here.')
    expect(new URL(page.url()).searchParams.get('status')).toBe('locked')
    await page.setViewport({ width: 320, height: 700 })
    expect(await isTooWide(page)).toBe(false)
    // Of what the address asks for wrongly the page says what is wrong with it.
    await page.goto(site.address(`/people?q=${'W'.repeat(101)}`))
    await untilShown(page, 'A search has at most 100 characters.')
    expect(await isTooWide(page)).toBe(false)
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('no text of a person hides an action, a letter, or what stands above it', async () => {
    const endless = 'W'.repeat(500)
    const { id } = await givenAccount(app)
    await app.sql`update user_accounts set first_name = ${`Z${'\u0301'.repeat(60)}`} where id = ${id}`
    await app.sql`
      insert into sessions (id, account_id, auth_time, expires_at, user_agent)
      select gen_random_uuid(), ${id}, clock_timestamp(), clock_timestamp() + interval '1 hour', ${`soft\u00ad${endless}`}`
    await app.sql`
      insert into api_keys (id, account_id, name, prefix, key_hash, permissions)
      select gen_random_uuid(), ${id}, ${endless.slice(0, 100)}, 'mk_12345678', sha256('a key'), '{profile.read}'`
    const tab = await visitAs('superadmin', `/people/${id}?tab=access`)
    const { page } = tab
    await untilShown(page, 'soft\\u{ad}W')
    await untilShown(page, 'mk_12345678')
    const overflow = () =>
      page.evaluate(`[...document.querySelectorAll('.table')].map((one) => one.scrollWidth - one.clientWidth)`)
    expect(await overflow()).toEqual([0, 0])
    // A table of any kind holds it, also where its rows are not worked on.
    await page.evaluate("for (const one of document.querySelectorAll('.worked')) one.classList.remove('worked')")
    expect(await overflow()).toEqual([0, 0])
    await page.evaluate("for (const one of document.querySelectorAll('.table')) one.classList.add('worked')")
    await page.setViewport({ width: 320, height: 700 })
    expect([await overflow(), await isTooWide(page)]).toEqual([[0, 0], false])
    expect(await page.evaluate("getComputedStyle(document.querySelector('h1')).overflowY")).toBe('clip')
    expect(await accessibilityFaults(page)).toEqual([])
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('actions say what comes of them, want a reason where the contract does, and can be taken back', async () => {
    const tab = await visitAs('superadmin', `/people/${person.id}`)
    const { page } = tab
    await untilShown(page, `Asha ${hostile}`)
    expect(await accessibilityFaults(page)).toEqual([])
    await press(page, 'Lock')
    await untilShown(page, 'cannot sign in until somebody unlocks')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    await untilShown(page, 'Please fill this in.')
    await dialog(page, 'reason', hostile)
    await confirm(page)
    await untilShown(page, `Locked: ${hostile}`)
    expect(await statusOf()).toBe('locked')
    // Lock and its focus are gone: who works by keyboard goes on at its place.
    await page.waitForFunction("document.activeElement.textContent === 'Unlock'")
    await press(page, 'Undo')
    await untilShown(page, 'That is undone.')
    await untilGone(page, `Locked: ${hostile}`)
    expect(await statusOf()).toBe('active')
    // Nothing is locked any more: what is left to end is a lockout.
    await press(page, 'End a lockout')
    await untilShown(page, 'may try again at once')
    await confirm(page)
    await untilShown(page, 'No lockout keeps')

    await press(page, 'Change the role')
    await page.waitForSelector('dialog option[value=admin]')
    await choose(page, 'role', 'admin')
    await untilShown(page, 'Gained: analytics.read')
    await untilShown(page, 'Stands above: guest, user, subscriber.')
    await confirm(page)
    await untilShown(page, 'has the role admin now.')

    await page.click('[name=firstName]', { count: 3 })
    await page.type('[name=firstName]', 'Usha')
    await page.type('[name=timezone]', '/nowhere')
    await press(page, 'Save')
    // What is refused says so, and what was typed stays.
    await page.waitForSelector('[aria-invalid=true][name=timezone]')
    expect(await page.evaluate("document.querySelector('[name=firstName]').value")).toBe('Usha')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('rights are explained link by link, and a feature is granted to one person', async () => {
    const tab = await visitAs('superadmin', `/people/${person.id}?tab=plan&right=feature:white_label`)
    const { page } = tab
    await untilShown(page, 'No, this person may not.')
    await untilShown(page, 'not included in the plan free')
    await press(page, 'Grant or refuse it to this person')
    await dialog(page, 'reason', 'A trial of the interface')
    await confirm(page)
    await untilShown(page, 'Yes, this person may.')
    await press(page, 'Grant a plan')
    await page.waitForSelector('dialog [name=plan]')
    await page.select('dialog [name=plan]', 'starter')
    await untilShown(page, 'Gained: ')
    await dialog(page, 'reason', 'Goodwill')
    await confirm(page)
    await untilShown(page, 'Plan: Starter')
    expect(await accessibilityFaults(page)).toEqual([])
    for (const name of ['Profile', 'Sign-in and keys', 'Payments', 'Team', 'Audit trail']) {
      await follow(page, name)
      await untilTrue(page, "document.querySelector('.card') && !document.body.innerText.includes('Loading')")
      await page.setViewport({ width: 320, height: 700 })
      expect([name, await isTooWide(page), await accessibilityFaults(page)]).toEqual([name, false, []])
      await page.setViewport({ width: 1_280, height: 700 })
    }
    await untilShown(page, 'reason: Goodwill')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('who stands above is shown, and no action upon them is offered; the service refuses it, too', async () => {
    const above = await givenAccount(app, { role: 'superadmin' })
    const tab = await visitAs('admin', `/people/${above.id}`)
    const { page } = tab
    await untilShown(page, 'You may look, but change nothing')
    expect(await page.$$('.actions button')).toHaveLength(0)
    expect(await page.$$eval('.tabs a', (all) => all.length)).toBe(3)
    const forced = await app.request(`/v1/admin/users/${above.id}/lock`, {
      bearer: (await logIn(app, tab.person)).accessToken,
      json: { reason: 'forced' },
    })
    await expectProblem(forced, 'privilege-escalation')
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('erasing wants the address typed, and the person is gone', async () => {
    const one = await givenAccount(app)
    const tab = await visitAs('superadmin', `/people/${one.id}`)
    const { page } = tab
    await press(page, 'Erase')
    await dialog(page, 'typed', 'another@people.test')
    await confirm(page)
    await untilShown(page, 'That is not the same text.')
    await page.evaluate("document.querySelector('dialog [name=typed]').value = ''")
    await dialog(page, 'typed', one.email)
    await confirm(page)
    await untilShown(page, `${one.email} is erased.`)
    await untilTrue(page, "location.pathname.endsWith('/people')")
    expect(await app.sql`select 1 from user_accounts where id = ${one.id} and status <> 'deleted'`).toHaveLength(0)
    expect(tab.complaints).toEqual([])
    await close(tab)
  })
})
