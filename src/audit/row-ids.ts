/** The smallest UUIDv7 of a moment (RFC 9562 5.7). */
export function firstIdOf(moment: string | number | Date): string {
  const hex = Math.max(0, new Date(moment).getTime()).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** The moment of a UUIDv7, as ISO text. */
export function momentOf(id: string): string {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString()
}
