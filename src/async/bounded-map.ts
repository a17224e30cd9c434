/**
 * A map of at most `limit` entries. The half that was set or read last is always kept. It has two generations: entries
 * that are set or read go to the younger; when that is full, the older is dropped as a whole. Deleting the oldest entry
 * at each step instead would make JavaScriptCore walk over all entries deleted before.
 */
export class BoundedMap<K, V> {
  #younger = new Map<K, V>()
  #older = new Map<K, V>()
  readonly #half: number

  constructor(limit: number) {
    this.#half = Math.ceil(limit / 2)
  }

  get size(): number {
    return this.#younger.size + this.#older.size
  }

  get(key: K): V | undefined {
    const value = this.#younger.get(key)
    return value === undefined && this.#older.size > 0 ? this.#getOlder(key) : value
  }

  set(key: K, value: V): void {
    this.#older.delete(key)
    if (this.#younger.size >= this.#half && !this.#younger.has(key)) this.age()
    this.#younger.set(key, value)
  }

  delete(key: K): void {
    this.#younger.delete(key)
    this.#older.delete(key)
  }

  /**
   * Drops the older generation and makes the younger the older. Called twice, it drops all entries that were not used
   * in between.
   */
  age(): void {
    this.#older = this.#younger
    this.#younger = new Map()
  }

  clear(): void {
    this.#younger.clear()
    this.#older.clear()
  }

  #getOlder(key: K): V | undefined {
    const value = this.#older.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }
}
