import type { GatedFigures } from './gated.ts'
import type { Stand } from './stand.ts'

/** A kind of fault. */
export type Case = {
  name: string
  /** The fault, in one line. */
  about: string
  /** How often the fault is injected in each form. */
  times: { short: number; long: number }
  /** Runs the case. @throws Skipped where this machine does not allow it */
  run(stand: Stand, options: CaseOptions): Promise<Outcome>
}

/** `isShort`: checks guarantees only, for a machine that may be busy. */
export type CaseOptions = { times: number; isShort: boolean }

export type Outcome = {
  injected: number
  acknowledged: number
  lost: string[]
  doubled: string[]
  /** Unsuccessful answers by kind. */
  errors: ReadonlyMap<string, number>
  /** Requests that need no statement: before the first fault, and afterwards. */
  gated: { calm: GatedFigures; during: GatedFigures } | null
  /** Milliseconds from the end of the fault to a 200 of /ready. */
  recoveriesMs: number[]
  /** Broken guarantees beside lost and doubled writes; each is a fault of the server. */
  broken: string[]
  /** Goals of time that were missed; they depend on the machine, and only the long form checks them. */
  missed: string[]
}

/** This machine does not allow the fault, or lacks a program for it. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

/** Runs `work`, then undoes what it deferred in the reverse order, whatever happens. */
export async function withUndo<T>(work: (defer: (undo: () => unknown) => void) => Promise<T>): Promise<T> {
  const undo: (() => unknown)[] = []
  try {
    return await work((step) => undo.push(step))
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
