import { createStore } from '../store.ts'

/** What the service requires: a second factor (`mfa-required`), or a sign-in of the last 10 minutes. */
export type Missing = 'mfa-required' | 'reauthentication-required'
type PendingProof = { missing: Missing; settle: (isProven: boolean) => void }

/** The proof that calls wait for; the dialog shows it. */
export const pendingProof = createStore<PendingProof | null>(null)

let waiting: Promise<boolean> | undefined

/** Opens the proof dialog. Concurrent calls wait for one proof. @returns false where the person cancelled */
export function reauthenticate(missing: Missing): Promise<boolean> {
  waiting ??= new Promise<boolean>((settle) => pendingProof.set({ missing, settle })).finally(() => {
    pendingProof.set(null)
    waiting = undefined
  })
  return waiting
}
