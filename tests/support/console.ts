import { afterAll } from 'bun:test'
import type { Page } from 'puppeteer-core'
import { type Given, givenAccount, logIn } from './accounts.ts'
import { openTestApp } from './app.ts'
import { openBrowser, openTab, type Tab, untilTrue } from './browser.ts'
import { claimsOf } from './tokens.ts'

/**
 * The real service behind a socket, and a browser; both closed after the file's tests. Chromium treats localhost as a
 * secure context, which passkeys and locks require.
 */
export async function openConsole(environment: Record<string, string> = {}) {
  /** A function that sees requests before the service; its answer replaces that of the service. */
  const faults: { before: ((request: Request) => Response | Promise<Response> | undefined) | null } = { before: null }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request, own) => (await faults.before?.(request)) ?? app.app.fetch(request, { server: own }),
  })
  const home = `http://localhost:${server.port}`
  const app = await openTestApp({ PUBLIC_URL: home, ...environment })
  const browser = await openBrowser()
  afterAll(async () => {
    await browser.close()
    await server.stop(true)
  })
  const address = (path = '') => `${home}/console${path}`

  async function blankTab({ width = 1_280 } = {}): Promise<Tab> {
    const tab = await openTab(browser, { width })
    await tab.page.setExtraHTTPHeaders({ 'Accept-Language': 'en' })
    return tab
  }

  /** Opens the console in a tab of its own, with a wide window by default. */
  async function visit(path = '', options: { width?: number } = {}): Promise<Tab> {
    const tab = await blankTab(options)
    await tab.page.goto(address(path))
    return tab
  }

  /** Opens the console with a session of an account of this role, as after a reload. */
  async function visitAs(role: string, path = '', options: { width?: number } = {}): Promise<Tab & { person: Given }> {
    const person = await givenAccount(app, { role, plan: 'enterprise' })
    const { accessToken, refreshToken } = await logIn(app, person)
    const stored = JSON.stringify({ sessionId: claimsOf(accessToken).sid, refreshToken })
    const tab = await blankTab(options)
    const { page } = tab
    const store = `sessionStorage.setItem('manas360-console', ${JSON.stringify(stored)})`
    const { identifier } = await page.evaluateOnNewDocument(store)
    await page.goto(address(path))
    await page.removeScriptToEvaluateOnNewDocument(identifier)
    await page.waitForSelector('.account')
    return { ...tab, person }
  }

  return {
    app,
    browser,
    faults,
    home,
    address,
    visit,
    visitAs,
    close: ({ page }: Tab) => page.close(),
  }
}

type Credentials = { email: string; password: string }

/** Submits the sign-in form; resolves when the session is open. */
export async function signIn(page: Page, person: Credentials): Promise<void> {
  await enterPassword(page, person)
  await page.waitForSelector('.account')
}

/** Submits the first step, which a second one may follow. */
export async function enterPassword(page: Page, { email, password }: Credentials): Promise<void> {
  await fillIn(page, 'E-mail address', email)
  await fillIn(page, 'Password', password)
  await press(page, 'Sign in')
}

/** Enters a text into the field of this label at once, in place of its own. */
export async function fillIn(page: Page, label: string, text: string): Promise<void> {
  const field = await page.waitForSelector(`aria/${label}`)
  await field?.click({ count: 3 })
  await page.keyboard.sendCharacter(text)
}

/** Clicks the button of this name, once it exists and has stopped moving. */
export async function press(page: Page, name: string): Promise<void> {
  await page.locator(`aria/${name}[role="button"]`).click()
}

/** Follows the link of this name, once it exists and has stopped moving. */
export async function follow(page: Page, name: string): Promise<void> {
  await page.locator(`aria/${name}[role="link"]`).click()
}

/** Resolves when this text is on the page. */
export async function untilShown(page: Page, text: string): Promise<void> {
  await untilTrue(page, `document.body.innerText.includes(${JSON.stringify(text)})`)
}

/** Resolves when this text is no longer on the page. */
export async function untilGone(page: Page, text: string): Promise<void> {
  await untilTrue(page, `!document.body.innerText.includes(${JSON.stringify(text)})`)
}

/** Clicks the element of the selector, once it exists, also below a notice. */
export async function pressIn(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(selector)
  await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`)
}

/** Clicks the confirming button of the open dialog. */
export async function confirm(page: Page): Promise<void> {
  await page.locator('dialog form button[type=submit]').click()
}

/**
 * On pages opened from now on, polling has no delay and counts its ticks; with `isFrozen` nothing is polled. Intervals
 * below a second are the tests' own.
 */
export async function hasten(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(`
    globalThis.ticks = 0
    const every = setInterval
    const tick = (call) => () => { globalThis.ticks++; if (!globalThis.isFrozen) call() }
    globalThis.setInterval = (call, ms) => (ms < 1_000 ? every(call, ms) : every(tick(call), 200))`)
}

export const ticks = (page: Page) => page.evaluate('ticks') as Promise<number>
