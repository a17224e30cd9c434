import { expect, setDefaultTimeout, test } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { accessibilityFaults, describeInBrowser, isTooWide, untilTrue } from '../support/browser.ts'
import { confirm, openConsole, press, untilShown } from '../support/console.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

type Case = {
  path: string
  open: string
  /** Every text that can be typed. */
  fields: readonly string[]
  right: Record<string, string>
  said: string
  /** What the database has of it then. */
  made: () => Promise<readonly unknown[]>
  as: Record<string, unknown>
}

describeInBrowser('forms that make something new in the console', async () => {
  const site = await openConsole()
  const { app, visitAs, close } = site
  const plain = '<img src=x onerror=alert(1)><script>alert(2)</script>'
  const hostile = `${plain}\u202Emoor`
  const limits = { maxUsers: '7', maxApiRequestsPerMonth: '', maxStorageGb: '12', apiRequestsPerMinute: '90' }
  const cases: Case[] = [
    {
      path: '/roles',
      open: 'New role',
      fields: ['name', 'description', 'privilegeLevel'],
      right: { name: 'clerk', description: plain, privilegeLevel: '40' },
      said: 'clerk is saved.',
      made: () => app.sql`select description, privilege_level from roles where name = 'clerk'`,
      as: { description: plain, privilegeLevel: 40 },
    },
    {
      path: '/plans',
      open: 'New plan',
      fields: ['name', 'displayName', 'description', 'tier', 'trialDays', ...Object.keys(limits)],
      right: { name: 'family', displayName: plain, description: plain, tier: '27', trialDays: '3', ...limits },
      said: `${plain} is saved.`,
      made: () => app.sql`
        select display_name, description, tier, trial_days, max_users::int, max_api_requests_per_month, api_requests_per_minute
          from subscription_plans where name = 'family'`,
      as: {
        displayName: plain,
        description: plain,
        tier: 27,
        trialDays: 3,
        maxUsers: 7,
        maxApiRequestsPerMonth: null,
        apiRequestsPerMinute: 90,
      },
    },
    {
      path: '/plans',
      open: 'New feature',
      fields: ['name', 'displayName', 'description', 'category'],
      right: { name: 'diary', displayName: `Diary ${plain}`, description: plain, category: 'care' },
      said: `Diary ${plain} is saved.`,
      made: () => app.sql`select display_name, description, category from features where name = 'diary'`,
      as: { displayName: `Diary ${plain}`, description: plain, category: 'care' },
    },
    {
      path: '/people',
      open: 'Invite somebody',
      fields: ['email', 'firstName', 'lastName'],
      right: { email: 'ravi@people.test', firstName: 'Ravi', lastName: plain },
      said: 'An invitation is on its way to ravi@people.test.',
      made: () => app.sql`select first_name, last_name, status from user_accounts where email = 'ravi@people.test'`,
      as: { firstName: 'Ravi', lastName: plain, status: 'invited' },
    },
  ]
  const put = (page: Page, values: Record<string, string>) =>
    page.evaluate(`
      for (const [name, text] of Object.entries(${JSON.stringify(values)}))
        document.querySelector('dialog [name="' + name + '"]').value = text`)
  /** Of each field that is wrong what it says, and of all what stands in them. */
  const read = (page: Page) =>
    page.evaluate(`
      const fields = [...document.querySelectorAll('dialog input')]
      const errorOf = (field) => document.getElementById(field.getAttribute('aria-describedby')?.split(' ').at(-1))?.textContent
      ;({
        wrong: fields.filter((one) => one.ariaInvalid === 'true' && errorOf(one)).map(({ name }) => name),
        values: Object.fromEntries(fields.map(({ name, value }) => [name, value])),
      })`) as Promise<{ wrong: string[]; values: Record<string, string> }>

  for (const { path, open, fields, right, said, made, as } of cases)
    test(`${open}: what is wrong is told at its field and stays typed, and what is right is shown as text`, async () => {
      const tab = await visitAs('superadmin', path, { width: 320 })
      const { page } = tab
      await press(page, open)
      await page.waitForSelector(`dialog [name=${fields[0]}]`)
      await confirm(page)
      // Nothing is made of nothing.
      await page.waitForSelector('dialog [aria-invalid=true]')
      const typed = Object.fromEntries(fields.map((name) => [name, hostile]))
      await put(page, typed)
      await confirm(page)
      await untilTrue(page, `document.querySelectorAll('dialog input[aria-invalid=true]').length === ${fields.length}`)
      expect(await read(page)).toEqual({ wrong: [...fields], values: typed })
      expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
      await put(page, right)
      await confirm(page)
      await untilShown(page, said)
      await untilShown(page, right.displayName ?? right.lastName ?? right.name ?? '')
      expect([...(await made())]).toEqual([as])
      // The same once more: it says which value another has.
      if (right.name !== undefined) {
        await press(page, open)
        await page.waitForSelector(`dialog [name=${fields[0]}]`)
        await put(page, right)
        await confirm(page)
        await untilShown(page, 'already-exists')
        expect(await page.evaluate("document.querySelector('dialog [name=name]').ariaInvalid")).toBe('true')
      }
      expect(tab.complaints).toEqual([])
      await close(tab)
    })
})
