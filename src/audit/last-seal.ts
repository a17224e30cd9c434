import type { Db } from '../db/types.ts'
import { toIso, verifySignature } from './checkpoints.ts'
import { type FoundCheckpoint, listCheckpointsBack } from './queries.ts'
import type { Audit } from './record.ts'
import { momentOf } from './row-ids.ts'

/** A seal that we signed, with the newest row that it covers. */
export type Seal = { number: number; sealedAt: string; entries: number; upTo: { id: string; at: string } | null }

/**
 * How many checkpoints each of the two reads fetches. Forged ones, of which an attacker may insert many, are skipped
 * only within these.
 */
const perRead = [1, 20] as const

/** The newest seal; null where the newest checkpoints are none of ours, or there is none. */
export async function findLastSeal(sql: Db, audit: Audit): Promise<Seal | null> {
  let before: string | null = null
  for (const limit of perRead) {
    const checkpoints: FoundCheckpoint[] = await listCheckpointsBack(sql, before, limit)
    const ours = checkpoints.find((checkpoint) => verifySignature(audit, checkpoint) === 'ours')
    if (ours) return toSeal(ours)
    before = checkpoints.at(-1)?.number ?? null
    if (before === null) return null
  }
  return null
}

function toSeal({ id, sealedAt, rowCount, auditIds }: FoundCheckpoint): Seal {
  const newest = auditIds?.at(-1)
  const upTo = newest === undefined ? null : { id: newest, at: momentOf(newest) }
  return { number: id, sealedAt: toIso(sealedAt), entries: rowCount, upTo }
}
