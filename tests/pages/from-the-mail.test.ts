import { afterAll, expect, test } from 'bun:test'
import { invitationSteps } from '../admin/invitations/invited.ts'
import { givenAccount, logIn, newEmail, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { describeInBrowser, openBrowser, openTab, type Tab, untilTrue } from '../support/browser.ts'
import { mailsTo } from '../support/mails.ts'

// A browser waits for its turn on a busy machine longer than anything else here.

const password = 'umbrella ceramic walnut drizzle'

describeInBrowser('in Chromium, from the mail’s own link', async () => {
  const served: { by?: Awaited<ReturnType<typeof openTestApp>> } = {}
  const posts: { path: string; body: string }[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request, own) => {
      if (request.method === 'POST')
        posts.push({ path: new URL(request.url).pathname, body: await request.clone().text() })
      return served.by?.app.fetch(request, { server: own }) ?? new Response(null, { status: 404 })
    },
  })
  const mailing = await openTestApp({ PUBLIC_URL: server.url.origin })
  const withDatabase = { PUBLIC_URL: server.url.origin, DATABASE_URL: mailing.databaseUrl }
  const browser = await openBrowser()
  afterAll(async () => {
    await browser.close()
    await server.stop(true)
  })

  /** The link of the newest mail of a kind to an address. */
  async function linkTo(address: string, template: string): Promise<string> {
    const newest = (await mailsTo(mailing, address)).findLast((mail) => mail.template === template)
    expect(newest?.link).toBeString()
    return newest?.link ?? ''
  }
  const read = ({ page }: Tab, selector: string) => page.$eval(selector, (found) => found.textContent)
  const press = ({ page }: Tab) => page.click('button[type=submit]')
  async function open(link: string): Promise<Tab> {
    const tab = await openTab(browser)
    await tab.page.goto(link)
    await tab.page.waitForSelector('#form:not([hidden])')
    posts.length = 0
    return tab
  }
  async function ended(tab: Tab): Promise<string | null> {
    await untilTrue(tab.page, "document.getElementById('form').hidden")
    return read(tab, '#title')
  }

  test('an invitation is accepted, with the document that must be agreed to, and the page keeps no session', async () => {
    const { invited } = invitationSteps(mailing)
    const admin = await signedIn(mailing, { role: 'superadmin' })
    const colleague = await invited(admin.bearer)
    served.by = await openTestApp({ ...withDatabase, CONSENT_DOCUMENTS: 'terms@2026-01!,newsletter@1' })
    const tab = await open(await linkTo(colleague.email, 'accept-invitation'))
    const { page } = tab
    await page.type('#password', password)
    await press(tab)
    // The document that is required is asked for before anything is sent.
    await untilTrue(page, "document.getElementById('consents-error').textContent !== ''")
    expect([posts, await page.evaluate('document.activeElement?.id')]).toEqual([[], 'consent-0'])
    await page.click('#consent-0')
    await press(tab)
    expect(await ended(tab)).toBe('Your account is ready')
    expect(posts.map(({ path }) => path)).toEqual(['/v1/auth/invitation/accept', '/v1/auth/logout'])
    expect(JSON.parse(posts[0]?.body ?? '')).toMatchObject({ consents: [{ document: 'terms', version: '2026-01' }] })
    const live = await mailing.sql`select 1 from sessions where account_id = ${colleague.id} and ended_at is null`
    expect(live).toHaveLength(0)
    const { user } = await logIn(served.by, { email: colleague.email, password })
    expect([user.status, user.emailVerified, user.consentsDue]).toEqual(['active', true, []])
    expect(tab.complaints).toEqual([])
    await page.close()
  })

  test('whoever is invited to a team signs in on the page and is in it, and the page keeps no session', async () => {
    served.by = mailing
    const owner = await signedIn(mailing, { plan: 'business' })
    const person = await givenAccount(mailing, { password })
    await mailing.sql`update user_accounts set email_verified_at = now() where id = ${person.id}`
    const invited = await mailing.request('/v1/team/invitations', {
      bearer: owner.bearer,
      json: { email: person.email },
    })
    expect(invited.status).toBe(202)
    const tab = await open(await linkTo(person.email, 'team-invitation'))
    const { page } = tab
    await page.type('#email', person.email)
    await page.type('#password', password)
    await press(tab)
    expect(await ended(tab)).toBe('You are a member of the team')
    expect(posts.map(({ path }) => path)).toEqual(['/v1/auth/login', '/v1/team/accept', '/v1/auth/logout'])
    const [row] = await mailing.sql<{ payerId: string; sessions: number }[]>`
      select payer_id, (select count(*)::int from sessions where account_id = a.id and ended_at is null) as sessions from user_accounts a where id = ${person.id}`
    expect(row).toEqual({ payerId: owner.id, sessions: 0 })
    expect(tab.complaints).toEqual([])
    await page.close()
  })

  test('with MAIL=off an undo leads on to a new password, also for whoever comes back to the link', async () => {
    const person = await registered(mailing)
    const newAddress = newEmail()
    const json = { newEmail: newAddress, password: person.password }
    await mailing.request('/v1/me/email', { bearer: person.accessToken, json })
    served.by = mailing
    const confirming = await open(await linkTo(newAddress, 'confirm-email'))
    await press(confirming)
    expect(await ended(confirming)).toBe('Your e-mail address was changed')
    await confirming.page.close()

    served.by = await openTestApp({ ...withDatabase, MAIL: 'off' })
    const link = await linkTo(person.email, 'undo-email')
    const tab = await open(link)
    const { page } = tab
    expect(await page.$eval('#next', (next) => next.hasAttribute('hidden'))).toBe(true)
    await press(tab)
    expect(await ended(tab)).toBe('The change is undone')
    expect(await read(tab, '#text')).toBe('Choose a new password now, with the link below: it works for an hour.')
    // Closed too soon: the same link, opened again, has nothing left to undo and leads on all the same.
    await page.goto('about:blank')
    await page.goto(link)
    await page.waitForSelector('#form:not([hidden])')
    await press(tab)
    expect(await ended(tab)).toBe('This link does not work')
    await page.click('#next a')
    await page.waitForSelector('#password')
    await page.waitForSelector('#form:not([hidden])')
    await page.type('#password', password)
    await press(tab)
    expect(await ended(tab)).toBe('Your new password is set')
    expect((await logIn(served.by, { email: person.email, password })).user.id).toBe(person.id)
    expect(tab.complaints).toEqual([])
    await page.close()
  })
})
