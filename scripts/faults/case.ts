import type { GatedFigures } from './gated.ts'
import type { Stand } from './stand.ts'

/** One kind of fault. */
export type Case = {
  name: string
  /** What is done, in one line. */
  about: string
  /** How often the fault is injected in each form. */
  times: { short: number; long: number }
  /** @throws Skipped where this machine does not allow it */
  run(stand: Stand, options: CaseOptions): Promise<Outcome>
}

/** `isShort`: judged by guarantees alone, on a machine that may be busy with other things. */
export type CaseOptions = { times: number; isShort: boolean }

export type Outcome = {
  injected: number
  acknowledged: number
  lost: string[]
  doubled: string[]
  /** What clients were answered instead of a success. */
  errors: ReadonlyMap<string, number>
  /** Requests that need no statement: before the first fault, and from it on. */
  gated: { calm: GatedFigures; during: GatedFigures } | null
  /** Milliseconds from when the cause was gone until /ready said 200. */
  recoveriesMs: number[]
  /** Broken guarantees beside lost and doubled; each is a fault of the server. */
  broken: string[]
  /** Goals of time that were missed; they depend on the machine, and only the long form judges them. */
  missed: string[]
}

/** This machine does not allow the fault, or lacks a program for it. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

/** Opens things and undoes them in the reverse order, whatever happens between. */
export async function withUndo<T>(work: (defer: (undo: () => unknown) => void) => Promise<T>): Promise<T> {
  const undo: (() => unknown)[] = []
  try {
    return await work((step) => undo.push(step))
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
