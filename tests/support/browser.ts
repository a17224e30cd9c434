import axe from 'axe-core'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'

/** A long timeout for busy machines; every wait is for an event, so it costs nothing. */
const patienceMs = 200_000

export type Scheme = 'light' | 'dark'

/** Headless Chromium of the distribution; close it after the file's tests. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = Bun.which('chromium')
  if (!executablePath) throw new Error('chromium is not installed')
  return puppeteer.launch({
    executablePath,
    timeout: patienceMs,
    protocolTimeout: patienceMs,
    // Without a sandbox it also runs as root in a container; only our own pages are opened.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

/** A tab that records its requests and errors. */
export type Tab = {
  page: Page
  requests: { method: string; url: string }[]
  /** Errors of scripts, and violations of the content security policy. */
  complaints: string[]
}

/** A tab of a browser of its own, without shared history or storage; 320 px wide by default. */
export async function openTab(browser: Browser, { width = 320 } = {}): Promise<Tab> {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.setViewport({ width, height: 700 })
  const tab: Tab = { page, requests: [], complaints: [] }
  page.on('request', (request) => {
    tab.requests.push({ method: request.method(), url: request.url() })
  })
  page.on('pageerror', (error) => tab.complaints.push(String(error)))
  page.on('console', (message) => {
    // Chromium logs refusals that the page handles.
    const isRefusal = message.text().startsWith('Failed to load resource') && message.location().url?.includes('/v1/')
    if (message.type() === 'error' && !isRefusal)
      tab.complaints.push(`${message.text()} ${message.location().url ?? ''}`.trim())
  })
  return tab
}

/** Emulates a colour scheme. */
export async function inScheme(page: Page, scheme: Scheme): Promise<void> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
}

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/**
 * The faults that axe-core finds on the page, by WCAG 2.2 A and AA; for pages other than mails also by best practice.
 */
export async function accessibilityFaults(page: Page, kind: 'page' | 'mail' = 'page'): Promise<string[]> {
  const tags = kind === 'page' ? [...wcag, 'best-practice'] : wcag
  // Of a page that did not change it is there still.
  if (!(await page.evaluate('globalThis.axe !== undefined'))) await page.evaluate(axe.source)
  return page.evaluate(async (values) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run({ runOnly: { type: 'tag', values } })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
  }, tags)
}

/** Whether the page is wider than its window. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  ) as Promise<boolean>
}
