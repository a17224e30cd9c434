import { createStore } from '../store.ts'

/** What is missing: a second factor (`mfa-required`), or a sign-in of the last 10 minutes. */
export type Missing = 'mfa-required' | 'reauthentication-required'
type PendingProof = { missing: Missing; settle: (isProven: boolean) => void }

/** The proof that a call waits for; the dialog shows it. */
export const pendingProof = createStore<PendingProof | null>(null)

let waiting: Promise<boolean> | undefined

/** Asks the person to show who they are. Calls that want it at the same time wait for one answer. */
export function reauthenticate(missing: Missing): Promise<boolean> {
  waiting ??= new Promise<boolean>((settle) => pendingProof.set({ missing, settle })).finally(() => {
    pendingProof.set(null)
    waiting = undefined
  })
  return waiting
}
