import { expect, setDefaultTimeout, test } from 'bun:test'
import { jobTexts } from '../../src/console/browser/pages/operations/job-texts-en.ts'
import { jobsOfRooms } from '../../src/room-jobs.ts'
import { hold, outsideOf } from '../jobs/locks.ts'
import { accessibilityFaults, describeInBrowser, inScheme, isTooWide, untilTrue } from '../support/browser.ts'
import {
  confirm,
  follow,
  hasten,
  openConsole,
  press,
  pressIn,
  ticks,
  untilGone,
  untilShown,
} from '../support/console.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('operations in the console', async () => {
  const site = await openConsole()
  const { app, faults, visitAs, close } = site
  const outside = outsideOf(app)
  const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>\u202Emoor'
  // What turns the direction is written out.
  const written = hostile.replace('\u202e', '\\u{202e}')

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
    await page.locator('details.said summary').click()
    await untilShown(page, `${written} ${'x'.repeat(200)}`)
    expect(await accessibilityFaults(page)).toEqual([])

    // Whoever runs it waits for this lock with the job in its hands.
    const letGo = await hold(outside, 'lock table job_runs in share mode')
    await press(page, 'Run now: settle-teams')
    await untilShown(page, 'Gives the members of a team')
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    await untilShown(page, 'settle-teams has begun.')
    await untilShown(page, 'runs now, for ')
    expect(await page.$('button[aria-label="Run now: settle-teams"]')).toBeNull()
    await letGo()
    await untilShown(page, 'settle-teams succeeded after')
    await page.waitForSelector('button[aria-label="Run now: settle-teams"]')

    await app.sql`alter function refresh_views() rename to no_refresh_views`
    await press(page, 'Run now: refresh-views')
    await confirm(page)
    await untilShown(page, 'refresh-views failed: function public.refresh_views() does not exist')
    await app.sql`alter function no_refresh_views() rename to refresh_views`

    await pressIn(page, 'button[aria-label="Run now: end-expired"]')
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
    // Another part is opened where one is, not above.
    await page.evaluate("document.querySelector('.tabs').scrollIntoView()")
    await follow(page, 'ईमेल')
    await page.waitForSelector('search [name=status]')
    expect(await page.evaluate('scrollY > 0')).toBe(true)
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
      untilTrue(
        page,
        `[...document.querySelectorAll('.worked tbody tr')].find((row) => row.innerText.includes('${name}')).innerText.includes('told by itself')`,
      )
    await app.sql`select finish_job('seal-audit', clock_timestamp(), 'failed', 'told by itself')`
    await seen('seal-audit')

    await page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    // A poll that began before the page was hidden sends its request after the next frame.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    const pass = async (count: number) => untilTrue(page, `ticks > ${await ticks(page)} + ${count}`)
    await pass(3)
    const asked = tab.requests.length
    await pass(6)
    expect(tab.requests.length).toBe(asked)
    await app.sql`select finish_job('forget-uses', clock_timestamp(), 'failed', 'told by itself')`
    // Whoever comes back waits for no clock.
    await page.evaluate(
      "isFrozen = true; delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))",
    )
    await seen('forget-uses')
    await page.evaluate('isFrozen = false')

    await page.setOfflineMode(true)
    await untilShown(page, 'The service cannot be reached.')
    await app.sql`select finish_job('erase-invited', clock_timestamp(), 'failed', 'told by itself')`
    await page.setOfflineMode(false)
    await untilGone(page, 'The service cannot be reached.')
    await seen('erase-invited')

    // Its instance takes it up and dies: no record will ever come.
    faults.before = (request) =>
      request.url.endsWith('/run') ? Response.json({ status: 'started' }, { status: 202 }) : undefined
    await pressIn(page, 'button[aria-label="Run now: archive-audit"]')
    await confirm(page)
    await untilShown(page, 'archive-audit ended without a record')
    faults.before = null
    expect(tab.complaints.filter((one) => !one.startsWith('Failed to load resource'))).toEqual([])
    await close(tab)
  })
})
