import { describe, expect, test } from 'bun:test'
import { AppError } from '../../../src/errors/app-error.ts'
import { createOpenStreams } from '../../../src/http/output/open-streams.ts'

async function* letters() {
  yield 'a'
  yield 'b'
}
const bounds = { perAccount: 2, inAll: 3, reads: 2, idleMs: 60_000 }
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )

describe('open streams', () => {
  test('are two of an account, and so many in all; each gives its place back when it was read or left', async () => {
    const streams = createOpenStreams(bounds)
    const [first, second] = [
      await streams.open('asha', async () => letters()),
      await streams.open('asha', async () => letters()),
    ]
    expect(await codeOf(streams.open('asha', async () => letters()))).toBe('rate-limited')
    const other = await streams.open('ravi', async () => letters())
    expect(await codeOf(streams.open('meera', async () => letters()))).toBe('overloaded')
    expect(await new Response(first).text()).toBe('ab')
    await second.cancel()
    expect(streams.count()).toBe(1)
    expect(await new Response(await streams.open('asha', async () => letters())).text()).toBe('ab')
    await other.cancel()
    expect(streams.count()).toBe(0)
  })

  test('that fail, at their beginning or while they are read, give it back and end visibly', async () => {
    const streams = createOpenStreams(bounds)
    const fault = new Error('a fault')
    expect(await codeOf(streams.open('asha', () => Promise.reject(fault)))).toBe(fault)
    const broken = await streams.open('asha', async () =>
      (async function* () {
        yield 'a'
        throw fault
      })(),
    )
    expect(await codeOf(new Response(broken).text())).toBe(fault)
    expect(streams.count()).toBe(0)
  })

  test('that nobody reads any more end by themselves, and were never asked for a page', async () => {
    const streams = createOpenStreams({ ...bounds, idleMs: 1 })
    let asked = 0
    const stream = await streams.open('asha', async () =>
      (async function* () {
        asked++
        yield 'a'
      })(),
    )
    expect(String(await codeOf(stream.getReader().closed))).toContain('nobody read')
    expect([asked, streams.count()]).toEqual([0, 0])
  })

  test('read two pages at once, however many they are', async () => {
    const streams = createOpenStreams({ ...bounds, inAll: 20 })
    let [reading, most] = [0, 0]
    const slow = async function* () {
      for (let i = 0; i < 5; i++) {
        most = Math.max(most, ++reading)
        await Bun.sleep(1)
        reading--
        yield 'a'
      }
    }
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => streams.open(`${i}`, async () => slow())))
    expect(await Promise.all(all.map((stream) => new Response(stream).text()))).toEqual(Array(10).fill('aaaaa'))
    expect(most).toBe(2)
  })
})
