import { expect, test } from 'bun:test'
import { listUnshown, mergeEntries, perPage } from '../../src/console/browser/pages/audit/merge-entries.ts'

/** Entries of these numbers, newest first. */
const entries = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, i) => ({ id: String(from - i).padStart(5, '0') }))

test('what is new stands above, in its order, once, however often it is read', () => {
  const pages = [entries(200, 101), entries(100, 1)]
  const once = mergeEntries(pages, entries(203, 104))
  expect(once).toEqual([entries(203, 101), entries(100, 1)])
  expect(mergeEntries(once, entries(203, 104))).toEqual(once)
  expect(listUnshown(once, entries(205, 106))).toEqual(entries(205, 204))
  expect(mergeEntries([], entries(3, 1))).toEqual([entries(3, 1)])
})

test('one that was committed late comes between others', () => {
  const shown = [entries(9, 1).filter(({ id }) => id !== '00005')]
  expect(mergeEntries(shown, entries(9, 1))).toEqual([entries(9, 1)])
})

test('a page that has grown long is divided, and its lower part ends where it did: what is below is not drawn anew', () => {
  const below = entries(100, 1)
  let pages: readonly (readonly { id: string }[])[] = [entries(200, 101), below]
  for (let newest = 250; newest <= 600; newest += 50) pages = mergeEntries(pages, entries(newest, newest - 99))
  expect(pages.flat()).toEqual(entries(600, 1))
  expect(pages.at(-1)).toBe(below)
  expect(pages.map((page) => page.length <= 2 * perPage)).toEqual(pages.map(() => true))
  expect(pages.at(-2)?.at(-1)).toEqual({ id: '00101' })
})
