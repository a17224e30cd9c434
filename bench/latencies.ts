/** Latencies by kind, in bounded memory: a histogram of milliseconds with buckets 2 % wide, from 10 µs to 100 s. */
export type Latencies = {
  add(kind: string, milliseconds: number): void
  /** The milliseconds that a `share` (0–1) of a kind, or of all, does not exceed, to 2 %; NaN for none. */
  percentile(share: number, kind?: string): number
  average(): number
  max(): number
  count(kind?: string): number
  kinds(): string[]
  /** Deletes all values. */
  clear(): void
  /** The values in a form that another process can add to its own. */
  toPacked(): Packed
  addPacked(packed: Packed): void
}

export type Packed = { sum: number; most: number; kinds: Record<string, [bucket: number, count: number][]> }

const leastMs = 0.01
const width = Math.log(1.02)
const buckets = Math.ceil(Math.log(1e7) / width) + 1

export function boundedLatencies(): Latencies {
  const all = new Map<string, Uint32Array>()
  let sum = 0
  let total = 0
  let most = 0

  function countsOf(kind: string): Uint32Array {
    let counts = all.get(kind)
    if (!counts) {
      counts = new Uint32Array(buckets)
      all.set(kind, counts)
    }
    return counts
  }

  const ofKind = (kind?: string): Uint32Array[] => {
    if (kind === undefined) return [...all.values()]
    const one = all.get(kind)
    return one ? [one] : []
  }
  const count = (kind?: string): number => ofKind(kind).reduce((n, one) => n + one.reduce((a, b) => a + b, 0), 0)

  return {
    add(kind, milliseconds) {
      const counts = countsOf(kind)
      const bucket = bucketOf(milliseconds)
      counts[bucket] = (counts[bucket] ?? 0) + 1
      sum += milliseconds
      total++
      if (milliseconds > most) most = milliseconds
    },
    percentile(share, kind) {
      const counted = ofKind(kind)
      const wanted = Math.max(1, Math.ceil(count(kind) * share))
      let seen = 0
      for (let bucket = 0; bucket < buckets; bucket++) {
        for (const one of counted) seen += one[bucket] ?? 0
        if (seen >= wanted) return leastMs * Math.exp(bucket * width)
      }
      return Number.NaN
    },
    average: () => sum / total,
    max: () => most,
    count,
    kinds: () => [...all.keys()],
    clear() {
      for (const one of all.values()) one.fill(0)
      sum = 0
      total = 0
      most = 0
    },
    toPacked() {
      const kinds: Packed['kinds'] = {}
      for (const [kind, counts] of all) {
        const held: [number, number][] = []
        for (const [bucket, n] of counts.entries()) if (n > 0) held.push([bucket, n])
        kinds[kind] = held
      }
      return { sum, most, kinds }
    },
    addPacked(packed) {
      for (const [kind, held] of Object.entries(packed.kinds)) {
        const counts = countsOf(kind)
        for (const [bucket, n] of held) {
          counts[bucket] = (counts[bucket] ?? 0) + n
          total += n
        }
      }
      sum += packed.sum
      most = Math.max(most, packed.most)
    },
  }
}

function bucketOf(milliseconds: number): number {
  if (milliseconds <= leastMs) return 0
  return Math.min(buckets - 1, Math.ceil(Math.log(milliseconds / leastMs) / width))
}
