import { type CheckpointLine, isSame, judgeSignature } from './checkpoints.ts'
import { describeUnknownKey, type Faults } from './faults.ts'
import type { FoundCheckpoint } from './queries.ts'
import type { Audit } from './record.ts'

/**
 * Follows the checkpoints in the order of their numbers. Anybody who may insert one can put a false one anywhere: it is named, its
 * rows count as covered by nothing, and the chain is followed past it. Whether it was put there or is an edited one shows by
 * the next that we signed, which names the one before it.
 * @param witness a checkpoint as the log told it
 */
export function createChain(audit: Audit, witness: CheckpointLine | null, faults: Faults) {
  const unsigned: string[] = []
  /** Those that nobody signed, since the last that we did; `fault`: what is wrong unless it was put there. */
  let pending: { id: number; name: string; fault: string | null }[] = []
  let last: FoundCheckpoint | null = null
  let [length, rows, isWitnessed] = [0, 0, witness === null]

  function judgeLink(checkpoint: FoundCheckpoint): void {
    const { id, previousMac } = checkpoint
    if (isSame(previousMac, last?.mac ?? null)) {
      for (const { name } of pending) faults.add(`${name} was added: nobody signed it, and the next one passes it over`)
    } else if (pending.length > 0) {
      for (const { name, fault } of pending) faults.add(fault ?? `${name} was edited`)
    } else if (id !== (last?.id ?? 0) + 1) {
      faults.add(`checkpoint ${id} follows ${last?.id ?? 0}: one between them is missing`)
    } else faults.add(`checkpoint ${id} does not continue the one before it`)
    pending = []
  }

  function judgeWitness({ id, mac }: FoundCheckpoint): void {
    if (id !== witness?.id) return
    isWitnessed = true
    if (mac?.toString('hex') !== witness.mac) faults.add(`checkpoint ${id} is not the one that was written`)
  }

  return {
    /** @returns whether we signed it, so that its rows are worth looking at */
    add(checkpoint: FoundCheckpoint): boolean {
      const { id, number, keyId } = checkpoint
      const name = `checkpoint ${number}`
      const signature = judgeSignature(audit, checkpoint)
      if (signature !== 'ours') {
        pending.push({ id, name, fault: signature === 'unknown-key' ? describeUnknownKey(name, keyId) : null })
        unsigned.push(number)
        return false
      }
      judgeLink(checkpoint)
      judgeWitness(checkpoint)
      last = checkpoint
      length += 1
      rows += checkpoint.rowCount
      return true
    },
    /** Nothing comes after the pending ones that could tell what they are. */
    end(): void {
      for (const { name, fault } of pending) faults.add(fault ?? `${name} was edited or added: nobody signed it`)
      if (isWitnessed || !witness || pending.some(({ id }) => id === witness.id)) return
      const end = last?.id ?? 0
      faults.add(
        end < witness.id
          ? `the trail ends at checkpoint ${end}, but checkpoint ${witness.id} was written: its tail was cut`
          : `checkpoint ${witness.id} is not the one that was written`,
      )
    },
    /** Numbers of the checkpoints that cover nothing. */
    unsigned: (): string[] => unsigned,
    length: (): number => length,
    rows: (): number => rows,
  }
}
