import { expect, test } from 'bun:test'
import { type Written, writeLines } from '../../src/console/browser/pages/audit/export/write-lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
/** A stream of these pieces, which then ends, or breaks off. */
function streamOf(pieces: string[], isBroken = false) {
  const state = { cancelled: false }
  let next = 0
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[next++]
      if (piece !== undefined) return controller.enqueue(bytes(piece))
      if (isBroken) controller.error(new Error('broken'))
      else controller.close()
    },
    cancel() {
      state.cancelled = true
    },
  })
  return { stream, state }
}
function sinkOf(limit = Number.POSITIVE_INFINITY, failsAt = Number.POSITIVE_INFINITY) {
  const written: string[] = []
  const write = async (piece: Uint8Array) => {
    if (written.length >= failsAt) throw new Error('the disk is full')
    written.push(new TextDecoder().decode(piece))
  }
  return { limit, write, written }
}
const ignored = () => {}

test('what comes in any pieces is written in whole lines, and counted', async () => {
  const sink = sinkOf()
  const told: Written[] = []
  const { stream } = streamOf(['one\ntw', 'o', '\nthree\nआ', 'शा\n', ''])
  expect(await writeLines(stream, sink, (so) => told.push(so))).toEqual({ lines: 4, bytes: 24, how: 'whole' })
  expect(sink.written).toEqual(['one\n', 'two\nthree\n', 'आशा\n'])
  expect(told.map(({ lines }) => lines)).toEqual([1, 3, 4])
  expect(await writeLines(streamOf([]).stream, sinkOf(), ignored)).toEqual({ lines: 0, bytes: 0, how: 'whole' })
})

test.each([
  [8, ['one\ntwo\nthree\n'], 'one\ntwo\n'],
  [9, ['one\ntwo\nthree\n'], 'one\ntwo\n'],
  [8, ['one\ntwo\n', 'three\n'], 'one\ntwo\n'],
  [3, ['one\n'], ''],
])('a sink of %d bytes takes no more, and ends with a whole line', async (limit, pieces, expected) => {
  const sink = sinkOf(limit)
  const { stream, state } = streamOf([...pieces, 'more\n'])
  expect(await writeLines(stream, sink, ignored)).toMatchObject({ how: 'cut', bytes: expected.length })
  expect(sink.written.join('')).toBe(expected)
  // The service must know that nobody reads any more.
  expect(state.cancelled).toBe(true)
})

test('a stream that breaks off leaves whole lines, and is not taken for whole', async () => {
  const sink = sinkOf()
  expect(await writeLines(streamOf(['one\ntwo\nthr'], true).stream, sink, ignored)).toMatchObject({
    how: 'broken',
    lines: 2,
  })
  expect(sink.written.join('')).toBe('one\ntwo\n')
})

test('a sink that fails ends it, and nothing more is read', async () => {
  const { stream, state } = streamOf(['one\n', 'two\n', 'three\n'])
  expect(await writeLines(stream, sinkOf(undefined, 1), ignored)).toMatchObject({ how: 'unwritten', lines: 1 })
  expect(state.cancelled).toBe(true)
})

test('a line without an end is not held without a bound', async () => {
  const sink = sinkOf()
  const { stream } = streamOf(Array.from({ length: 40 }, () => 'x'.repeat(1 << 16)))
  expect(await writeLines(stream, sink, ignored)).toMatchObject({ bytes: 40 << 16, how: 'whole' })
  expect(sink.written.length).toBeGreaterThan(1)
})
