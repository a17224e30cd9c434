/** Sets an entry of a map that holds at most `limit`: the one that was set first makes room. */
export function setBounded<K, V>(map: Map<K, V>, key: K, value: V, limit: number): void {
  if (map.size >= limit && !map.has(key)) for (const oldest of map.keys()) if (map.delete(oldest)) break
  map.set(key, value)
}
