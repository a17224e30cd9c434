import { type CheckpointLine, isSame, verifySignature } from './checkpoints.ts'
import { describeUnknownKey, type Faults } from './faults.ts'
import type { FoundCheckpoint } from './queries.ts'
import type { Audit } from './record.ts'

/** The checkpoint that the next one continues. */
export type Link = { id: number; mac: Buffer | null }

/**
 * Verifies the chain of checkpoints, which must be added in the order of their numbers. A forged checkpoint, which
 * anybody with the right to insert rows can make, is reported and its rows count as uncovered; verification goes on
 * behind it. The next checkpoint that we signed names the one before it, and so shows whether the bad one was inserted
 * or edited.
 * @param logged a checkpoint from the log, which shows a trail whose end was cut
 * @param from the checkpoint that the first one continues; null: the first is the first of the trail
 */
export function createChain(audit: Audit, logged: CheckpointLine | null, faults: Faults, from: Link | null = null) {
  const unsigned: string[] = []
  /**
   * Checkpoints without a valid signature since the last valid one. `fault`: what is wrong with an edited one; null for
   * an inserted one.
   */
  let pending: { id: number; name: string; fault: string | null }[] = []
  let last = from
  let [length, rows, isLoggedFound] = [0, 0, logged === null]

  function verifyLink(checkpoint: FoundCheckpoint): void {
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

  function verifyLogged({ id, mac }: FoundCheckpoint): void {
    if (id !== logged?.id) return
    isLoggedFound = true
    if (mac?.toString('hex') !== logged.mac) faults.add(`checkpoint ${id} is not the one that was written`)
  }

  return {
    /** @returns whether its signature is valid; only then do its rows need verifying */
    add(checkpoint: FoundCheckpoint): boolean {
      const { id, number, keyId } = checkpoint
      const name = `checkpoint ${number}`
      const signature = verifySignature(audit, checkpoint)
      if (signature !== 'ours') {
        pending.push({ id, name, fault: signature === 'unknown-key' ? describeUnknownKey(name, keyId) : null })
        unsigned.push(number)
        return false
      }
      verifyLink(checkpoint)
      verifyLogged(checkpoint)
      last = checkpoint
      length += 1
      rows += checkpoint.rowCount
      return true
    },
    /** Reports the checkpoints that are still pending, and a cut tail. */
    end(): void {
      for (const { name, fault } of pending) faults.add(fault ?? `${name} was edited or added: nobody signed it`)
      if (isLoggedFound || !logged || pending.some(({ id }) => id === logged.id)) return
      const end = last?.id ?? 0
      faults.add(
        end < logged.id
          ? `the trail ends at checkpoint ${end}, but checkpoint ${logged.id} was written: its tail was cut`
          : `checkpoint ${logged.id} is not the one that was written`,
      )
    },
    /** Numbers of the checkpoints without a valid signature: they cover no rows. */
    unsigned: (): string[] => unsigned,
    length: (): number => length,
    rows: (): number => rows,
  }
}
