import { createHash } from 'node:crypto'

/** Whether a word is in a Bloom filter (Bloom, 1970). False positives are possible, false negatives are not. */
export function isInFilter(bits: Uint8Array, probes: number, word: string): boolean {
  return placesOf(word, bits.byteLength * 8, probes).every((place) => ((bits[place >>> 3] ?? 0) >> (place & 7)) & 1)
}

/** Builds a filter of about `size` bits; each word sets `probes` of them. */
export function createFilter(words: Iterable<string>, size: number, probes: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(size / 8))
  for (const word of words)
    for (const place of placesOf(word, bits.byteLength * 8, probes))
      bits[place >>> 3] = (bits[place >>> 3] ?? 0) | (1 << (place & 7))
  return bits
}

/** Bit positions of a word by double hashing (Kirsch and Mitzenmacher, "Less Hashing, Same Performance"). */
function placesOf(word: string, size: number, probes: number): number[] {
  const hash = createHash('sha256').update(word).digest()
  const [first, step] = [hash.readUInt32LE(0), hash.readUInt32LE(4) | 1]
  return Array.from({ length: probes }, (_, index) => (first + index * (step >>> 0)) % size)
}
