/** The middle of some figures: one bad round does not move it. NaN for none. */
export function median(figures: readonly number[]): number {
  return percentile(figures, 0.5)
}

/** The smallest figure that a `share` (0–1) of all figures does not exceed. NaN for none. */
export function percentile(figures: readonly number[], share: number): number {
  const sorted = Float64Array.from(figures).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
