import { useState } from 'hono/jsx/dom'
import { Problem } from '../parts/problem.tsx'
import { NoPasskeyError } from '../session/passkey.ts'
import { useSignInTexts } from './texts.ts'

/** A button that uses a passkey, and shows the error where that fails. */
export function PasskeyButton({ label, use }: { label: string; use: () => Promise<void> }) {
  const t = useSignInTexts()
  const [failure, setFailure] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  async function press(): Promise<void> {
    if (isBusy) return
    setBusy(true)
    setFailure(null)
    await use().catch(setFailure)
    setBusy(false)
  }
  return (
    <div class="passkey">
      <button type="button" aria-disabled={isBusy ? 'true' : undefined} onClick={() => void press()}>
        {label}
      </button>
      {failure instanceof NoPasskeyError ? (
        <p class="problem" role="alert" key="none">
          {t.noPasskey}
        </p>
      ) : (
        <Problem key="problem" failure={failure} />
      )}
    </div>
  )
}
