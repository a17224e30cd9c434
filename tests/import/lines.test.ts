import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Line, maxLineBytes, readLines } from '../../src/import/lines.ts'

async function read(...chunks: (string | Uint8Array)[]): Promise<Line[]> {
  async function* stream() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
  }
  return Array.fromAsync(readLines(stream()))
}
const texts = async (...chunks: (string | Uint8Array)[]) =>
  (await read(...chunks)).map(({ number, text, problem }) => [number, text ?? problem])

test('lines are numbered as an editor numbers them; empty ones are left out, the last needs no end', async () => {
  expect(await texts('{"a":1}\n\n  \r\n{"b":2}\r\n{"c":3}')).toEqual([
    [1, '{"a":1}'],
    [4, '{"b":2}'],
    [5, '{"c":3}'],
  ])
  expect(await texts()).toEqual([])
  expect(await texts('\ufeff{"a":1}\n')).toEqual([[1, '{"a":1}']])
})

test('however the bytes come in, the lines are the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('{"a":1}', 'आशा', '\n', '\r\n', ' ', 'é😀', '\n\n')),
      fc.array(fc.nat(40)),
      async (parts, cuts) => {
        const bytes = new TextEncoder().encode(parts.join(''))
        const ends = [...cuts, bytes.length].sort((a, b) => a - b)
        const chunks = ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end))
        expect(await read(...chunks)).toEqual(await read(bytes))
      },
    ),
    { numRuns: 300 },
  )
})

test('a line that is too long, or no UTF-8, is told, and those behind it are read', async () => {
  const longest = 'x'.repeat(maxLineBytes)
  expect(await texts(`${longest}\n`, `${longest}x\n{"a":1}\n`)).toEqual([
    [1, longest],
    [2, 'too-long'],
    [3, '{"a":1}'],
  ])
  expect(await texts(longest, longest, longest, '\n{"a":1}')).toEqual([
    [1, 'too-long'],
    [2, '{"a":1}'],
  ])
  expect(await texts(new Uint8Array([0xff, 0xfe, 10]), '{"a":1}')).toEqual([
    [1, 'not-utf-8'],
    [2, '{"a":1}'],
  ])
})

test('a chunk whose memory the stream uses again changes no line', async () => {
  async function* stream() {
    const memory = new TextEncoder().encode('{"a"')
    yield memory
    memory.set(new TextEncoder().encode(':1}\n'))
    yield memory
  }
  expect(await Array.fromAsync(readLines(stream()))).toMatchObject([{ text: '{"a":1}' }])
})

test('a line without an end takes no memory', async () => {
  const chunk = new Uint8Array(maxLineBytes).fill(120)
  async function* stream() {
    for (let i = 0; i < 6_000; i++) yield chunk
  }
  const before = process.memoryUsage.rss()
  expect(await Array.fromAsync(readLines(stream()))).toMatchObject([
    { number: 1, problem: 'too-long', bytes: 6_000 * maxLineBytes },
  ])
  // The line has 375 MiB.
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20)
})
