import { expect, test } from 'bun:test'
import { createWriteBehind } from '../../src/async/write-behind.ts'

/** Numbers gathered one by one, written in one batch; each write ends when it is told to. */
function open(onError?: (error: unknown) => void) {
  let gathered: number[] = []
  const writes: { batch: number[]; end: PromiseWithResolvers<void> }[] = []
  const writeBehind = createWriteBehind<number[]>({
    take() {
      const batch = gathered
      gathered = []
      return batch.length > 0 ? [batch] : []
    },
    write(batch) {
      const end = Promise.withResolvers<void>()
      writes.push({ batch, end })
      return end.promise
    },
    restore: (batch) => void gathered.unshift(...batch),
    onError,
  })
  return { ...writeBehind, writes, add: (n: number) => void gathered.push(n) }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('batches are written one after the other, and a flush waits for all that was gathered before it', async () => {
  const { add, flush, inFlight, writes } = open()
  add(1)
  const first = flush()
  await turn()
  add(2)
  const second = flush()
  await turn()
  expect(writes.map(({ batch }) => batch)).toEqual([[1]])
  expect(inFlight()).toEqual([[1]])
  writes[0]?.end.resolve()
  expect(await first).toBe(true)
  await turn()
  writes[1]?.end.resolve()
  expect(await second).toBe(true)
  expect(writes.map(({ batch }) => batch)).toEqual([[1], [2]])
  expect(await flush()).toBe(false)
  expect(inFlight()).toEqual([])
})

test('what fails is kept, with what came since, and the error is thrown', async () => {
  const { add, flush, writes } = open()
  add(1)
  const failed = flush()
  await turn()
  add(2)
  writes[0]?.end.reject(new Error('lost'))
  await expect(failed).rejects.toThrow('lost')
  const again = flush()
  await turn()
  expect(writes[1]?.batch).toEqual([1, 2])
  writes[1]?.end.resolve()
  expect(await again).toBe(true)
})

test('or told, where somebody wants to hear of it; close writes what is left', async () => {
  const errors: unknown[] = []
  const { add, flush, close, writes } = open((error) => errors.push(error))
  add(1)
  const failed = flush()
  await turn()
  writes[0]?.end.reject('lost')
  expect(await failed).toBe(true)
  expect(errors).toEqual(['lost'])
  const closed = close()
  await turn()
  writes[1]?.end.resolve()
  await closed
  expect(writes[1]?.batch).toEqual([1])
})

test('one batch that fails does not keep the others of its flush back', async () => {
  const written: number[] = []
  let waiting = [1, 2, 3]
  const { flush } = createWriteBehind<number>({
    take: () => waiting.splice(0),
    write: async (n) => {
      if (n === 2) throw new Error('two')
      written.push(n)
    },
    restore: (n) => void waiting.push(n),
  })
  await expect(flush()).rejects.toThrow('two')
  expect(written).toEqual([1, 3])
  expect(waiting).toEqual([2])
  waiting = []
})
