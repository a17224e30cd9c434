import { readFileSync } from 'node:fs'
import puppeteer, { type Browser, type BrowserContext, type Page } from 'puppeteer-core'
import { describeWith } from './tools.ts'

const program = 'chromium-headless-shell'
/** A long timeout for busy machines; every wait is for an event, so it costs nothing. */
const patienceMs = 200_000

export type Scheme = 'light' | 'dark'

/** `describe` for tests in a browser. */
export const describeInBrowser = describeWith([program], program)

let running: Promise<Browser> | undefined

/** Chromium without a window, one for all files of a worker. It ends with the pipe to it, and so with the worker, however that ends. */
async function startBrowser(): Promise<Browser> {
  const executablePath = Bun.which(program)
  if (!executablePath) throw new Error(`${program} is not installed`)
  return puppeteer.launch({
    executablePath,
    pipe: true,
    timeout: patienceMs,
    protocolTimeout: patienceMs,
    args: [
      // Without a sandbox it also runs as root in a container; only our own pages are opened.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      // One process for all tabs of a context, which compiles the scripts of the first tab for all of them.
      '--renderer-process-limit=1',
      '--disable-site-isolation-trials',
    ],
  })
}

/** A browser of the file's own: nothing is shared with those of others. Close it after the file's tests. */
export async function openBrowser(): Promise<BrowserContext> {
  running ??= startBrowser()
  const context = await (await running).createBrowserContext()
  // Keeps the process of the tabs between them.
  await context.newPage()
  return context
}

/** A tab that records its requests and errors. */
export type Tab = {
  page: Page
  requests: { method: string; url: string }[]
  /** Errors of scripts, and violations of the content security policy. */
  complaints: string[]
}

/** A tab without history, in a browser whose storage is empty again; 320 px wide by default. */
export async function openTab(browser: BrowserContext, { width = 320 } = {}): Promise<Tab> {
  const page = await browser.newPage()
  const session = await page.createCDPSession()
  await session.send('Storage.clearDataForOrigin', { origin: '*', storageTypes: 'all' })
  await session.detach()
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

/**
 * Resolves when the expression is true, and the frame after it is drawn, with which the effects of what is shown take
 * place. To ask with each frame, as puppeteer does by itself, makes the browser draw all of them.
 * @throws Error with what the page shows
 */
export async function untilTrue(page: Page, expression: string): Promise<void> {
  const drawn = 'new Promise((done) => requestAnimationFrame(() => done(true)))'
  try {
    await page.waitForFunction(`(${expression}) && ${drawn}`, { polling: 50 })
  } catch (cause) {
    const shown = await page.evaluate('document.body.innerText.slice(0, 4000)')
    throw new Error(`Not true in time: ${expression}. ${page.url()} shows: ${shown}`, { cause })
  }
}

/** Emulates a colour scheme. */
export async function inScheme(page: Page, scheme: Scheme): Promise<void> {
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
}

/** A third of the time of the other file of axe-core, to compile. */
const axeSource = readFileSync(Bun.resolveSync('axe-core/axe.min.js', import.meta.dir), 'utf8')
const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/**
 * The faults that axe-core finds on the page, by WCAG 2.2 A and AA; for pages other than mails also by best practice.
 */
export async function accessibilityFaults(page: Page, kind: 'page' | 'mail' = 'page'): Promise<string[]> {
  const tags = kind === 'page' ? [...wcag, 'best-practice'] : wcag
  // Of a page that did not change it is there still.
  if (!(await page.evaluate('globalThis.axe !== undefined'))) await page.evaluate(axeSource)
  return page.evaluate(async (values) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run({
      runOnly: { type: 'tag', values },
      // Of elements without a fault nothing is told.
      resultTypes: ['violations'],
      // Style sheets are read for an experimental rule alone, which these tags leave out.
      preload: { assets: ['media'] },
    })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
  }, tags)
}

/** Whether the page is wider than its window. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  ) as Promise<boolean>
}
