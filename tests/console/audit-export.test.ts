import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'puppeteer-core'
import { account } from '../../src/audit/actor.ts'
import { writeRows } from '../audit/trail.ts'
import { accessibilityFaults, describeInBrowser, inScheme, isTooWide } from '../support/browser.ts'
import { openConsole, press, pressIn, untilShown } from '../support/console.ts'

// A browser waits for its turn on a busy machine longer than anything else here.
setDefaultTimeout(240_000)

describeInBrowser('the export of the audit trail', async () => {
  const site = await openConsole()
  const { app, faults, visitAs, close } = site
  const hostile = '<img src=x onerror=alert(1)>\u202e'
  const [subject, actor] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()]
  await writeRows(app, 600)
  const origin = { ip: '192.0.2.9', userAgent: hostile, requestId: 'r' }
  for (let i = 0; i < 3; i++)
    await app.deps.audit.record(
      app.sql,
      { principal: { accountId: actor }, origin },
      'account.lock',
      account(subject),
      {
        details: { reason: hostile, i },
      },
    )

  const prepare = (page: Page, script: string) => page.evaluateOnNewDocument(script)
  /** Without it the browser holds the file until it is whole. */
  const withoutPicker = 'delete globalThis.showSaveFilePicker'
  /** The dialog of the system can't be driven: it gives a file that remembers what happens to it. */
  const withPicker = `
    globalThis.file = { text: '', end: null }
    globalThis.showSaveFilePicker = async ({ suggestedName }) => ({
      name: suggestedName,
      createWritable: async () => ({
        write: async (piece) => void (file.text += new TextDecoder().decode(piece)),
        close: async () => void (file.end = 'closed'),
        abort: async () => void (file.end = 'aborted'),
      }),
    })`
  /** Opens the page, and waits until nothing moves any more. */
  const open = async (page: Page, query = '') => {
    await page.goto(site.address(`/audit${query}`))
    await page.waitForSelector('.seals:not([aria-busy])')
    await page.waitForSelector('.trail')
  }
  const fileOf = (page: Page) => page.evaluate('file') as Promise<{ text: string; end: string | null }>
  test('what was found is written to a file of the downloads, or while it comes to one that was chosen', async () => {
    const tab = await visitAs('admin')
    const { page } = tab
    const directory = mkdtempSync(join(tmpdir(), 'console-export-'))
    const browser = await site.browser.browser().target().createCDPSession()
    await browser.send('Browser.setDownloadBehavior', {
      behavior: 'allow',
      downloadPath: directory,
      eventsEnabled: true,
      browserContextId: site.browser.id ?? '',
    })
    const downloaded = new Promise<string>((resolve) => {
      let name = ''
      browser.on('Browser.downloadWillBegin', (event) => {
        name = event.suggestedFilename
      })
      browser.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve(name))
    })
    await prepare(page, withoutPicker)
    await open(page, `?actor=${actor}`)
    await untilShown(page, '3 found.')
    await press(page, 'Export as NDJSON')
    await untilShown(page, 'Exported: 3 entries,')
    const name = await downloaded
    expect(name).toMatch(/^manas360-audit-[\dT-]+Z\.ndjson$/)
    const lines = (await Bun.file(join(directory, name)).text()).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).details)).toEqual([2, 1, 0].map((i) => ({ reason: hostile, i })))
    expect(await accessibilityFaults(page)).toEqual([])

    await prepare(page, withPicker)
    await open(page)
    await press(page, 'Export as CSV')
    await untilShown(page, 'Exported: ')
    const { text, end } = await fileOf(page)
    expect(end).toBe('closed')
    const count = text.trimEnd().split('\n').length - 1
    expect(count).toBeGreaterThan(603)
    await untilShown(page, `Exported: ${count} entries,`)
    expect(text.split('\n')[0]).toBe(
      'id,at,actorId,action,entityType,entityId,requestId,ipAddress,userAgent,details,before,after',
    )
    expect(tab.complaints).toEqual([])
    await close(tab)
  })

  test('it shows how much has come, can be cancelled, and says where it is not all', async () => {
    const tab = await visitAs('admin')
    const { page } = tab
    await prepare(page, withPicker)
    await open(page, `?actor=${actor}`)
    await untilShown(page, '3 found.')
    const left = Promise.withResolvers<void>()
    faults.before = (request) => {
      if (!request.url.includes('format=')) return undefined
      let timer: ReturnType<typeof setInterval>
      const begun = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"id":1}\n{"id":2}\n{"i'))
          // A line without an end, so that nobody takes the connection for idle.
          timer = setInterval(() => controller.enqueue(new TextEncoder().encode('d')), 1_000)
        },
        cancel() {
          clearInterval(timer)
          left.resolve()
        },
      })
      return new Response(begun, { headers: { 'Content-Type': 'application/x-ndjson' } })
    }
    await pressIn(page, '.export button')
    await untilShown(page, '2 entries, 1 kB')
    expect(await accessibilityFaults(page)).toEqual([])
    // It goes on while another page is looked at.
    await page.locator('nav a[href$="/people"]').click()
    await untilShown(page, 'Search by name or address')
    await page.goBack()
    await untilShown(page, '2 entries, 1 kB')
    await page.$eval('.export button', (button) => (button as unknown as { click: () => void }).click())
    await untilShown(page, 'The export was cancelled. Nothing of it is kept.')
    expect((await fileOf(page)).end).toBe('aborted')
    await left.promise

    // A connection that breaks off, as the browser tells it.
    await page.evaluate(`
      const real = fetch
      globalThis.fetch = async (...call) => {
        const answer = await real(...call)
        if (!String(call[0]).includes('format=')) return answer
        let pulled = 0
        const pull = (controller) =>
          pulled++
            ? controller.error(new TypeError('network error'))
            : controller.enqueue(new TextEncoder().encode('{"id":1}\\n{"id":2}\\n{"i'))
        const broken = new ReadableStream({ pull }, { highWaterMark: 0 })
        globalThis.fetch = real
        return new Response(broken, answer)
      }`)
    faults.before = null
    await press(page, 'Export as NDJSON')
    await untilShown(page, 'Not all of it: the connection broke after 2 entries, 1 kB.')
    expect(await fileOf(page)).toEqual({ text: '{"id":1}\n{"id":2}\n'.repeat(2), end: 'closed' })

    faults.before = (request) =>
      request.url.includes('format=')
        ? Response.json(
            {
              type: `${site.home}/problems/rate-limited`,
              title: 'Too many requests',
              status: 429,
              detail: `Slower ${hostile}`,
              instance: '/',
              code: 'rate-limited',
              requestId: 'request-of-export',
            },
            { status: 429, headers: { 'Content-Type': 'application/problem+json' } },
          )
        : undefined
    await press(page, 'Export as CSV')
    await untilShown(page, 'request-of-export')
    await untilShown(page, 'Slower <img')
    expect((await fileOf(page)).end).toBe('aborted')
    faults.before = null
    await press(page, 'हिन्दी')
    await inScheme(page, 'dark')
    await page.setViewport({ width: 320, height: 700 })
    await press(page, 'NDJSON में निर्यात करें')
    await untilShown(page, 'निर्यात पूरा हुआ: 3 प्रविष्टियाँ')
    expect([await isTooWide(page), await accessibilityFaults(page)]).toEqual([false, []])
    expect(tab.complaints.filter((one) => !one.includes('ERR_'))).toEqual([])
    await close(tab)
  })
})
