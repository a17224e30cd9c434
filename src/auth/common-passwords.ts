import { readFileSync } from 'node:fs'
import { isInFilter } from './bloom-filter.ts'
import path from './common-passwords.bin' with { type: 'file' }

type Filter = { bits: Uint8Array; probes: number }

let loaded: Filter | undefined

/** Loaded at the first use: 4 MB that a process without registrations does not need. */
function load(): Filter {
  const file = readFileSync(path)
  const end = file.indexOf('\n\n') + 2
  const [, probes = ''] = /^# probes: (\d+)$/m.exec(file.toString('latin1', 0, end)) ?? []
  return { bits: file.subarray(end), probes: Number(probes) }
}

/**
 * Whether a lower-case word is among a million breached and common passwords, kept offline as a Bloom filter with a
 * false-positive rate of one in three million.
 */
export function isCommonPassword(word: string): boolean {
  if (word === '') return false
  loaded ??= load()
  return isInFilter(loaded.bits, loaded.probes, word)
}
