import { expect, test } from 'bun:test'
import { BoundedMap } from '../../src/async/bounded-map.ts'

test('it never holds more than its limit, and forgets those that were set first', () => {
  const map = new BoundedMap<number, string>(10)
  for (let key = 0; key < 1_000; key++) {
    map.set(key, `${key}`)
    expect(map.size).toBeLessThanOrEqual(10)
  }
  expect([999, 998, 997, 996, 995].map((key) => map.get(key))).toEqual(['999', '998', '997', '996', '995'])
  expect(map.get(900)).toBeUndefined()
})

test('what is read is kept as if it had just been set', () => {
  const map = new BoundedMap<string, number>(10)
  map.set('kept', 1)
  for (let key = 0; key < 1_000; key++) {
    map.set(`${key}`, key)
    expect(map.get('kept')).toBe(1)
  }
  expect(map.size).toBeLessThanOrEqual(10)
})

test('what was not used between two ages is forgotten', () => {
  const map = new BoundedMap<string, number>(10)
  map.set('used', 1)
  map.set('idle', 2)
  map.age()
  expect(map.get('used')).toBe(1)
  map.age()
  expect([map.get('used'), map.get('idle')]).toEqual([1, undefined])
})

test('a key that is set anew has one entry, its newest; one that is deleted has none', () => {
  const map = new BoundedMap<string, number>(4)
  map.set('a', 1)
  map.set('b', 2)
  map.set('c', 3)
  map.set('a', 4)
  expect([map.get('a'), map.size]).toEqual([4, 3])
  map.delete('a')
  map.delete('c')
  expect([map.get('a'), map.get('c'), map.get('b'), map.size]).toEqual([undefined, undefined, 2, 1])
  map.clear()
  expect([map.get('b'), map.size]).toEqual([undefined, 0])
})
