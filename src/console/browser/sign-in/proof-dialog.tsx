import type { SecondFactors } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, duringProof } from '../calls/call-api.ts'
import { client } from '../calls/client.ts'
import { useAnswer } from '../calls/use-answer.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { Problem } from '../parts/problem.tsx'
import { Step } from '../parts/step.tsx'
import { answerOf, hasPasskeys } from '../session/passkey.ts'
import { type Missing, pendingProof } from '../session/proof.ts'
import { useRights } from '../session/rights.ts'
import { replaceAccessToken } from '../session/session.ts'
import { useTexts } from '../shell/texts.ts'
import { useStore } from '../store.ts'
import { Enrolment } from './enrolment.tsx'
import { PasskeyButton } from './passkey-button.tsx'
import { useSignInTexts } from './texts.ts'

/** The dialog that is shown above all others while a call waits for a stronger or more recent sign-in. */
export function ProofDialog() {
  const wanted = useStore(pendingProof)
  return wanted ? <Asked key={wanted.missing} missing={wanted.missing} settle={wanted.settle} /> : null
}

function Asked({ missing, settle }: { missing: Missing; settle: (isProven: boolean) => void }) {
  const t = useSignInTexts()
  const shared = useTexts()
  const factors = useAnswer('factors', () => callApi(() => client.v1.me.mfa.$get(), duringProof))
  const has = factors.data
  // Recovery codes are shown once: Escape must not close the dialog.
  const [holdsCodes, holdCodes] = useState(false)
  const mustEnrol = missing === 'mfa-required' && has !== null && !has.totp.enabled && has.passkeys === 0
  return (
    <Dialog title={mustEnrol ? t.enrolTitle : t.proofTitle} onClose={() => holdsCodes || settle(false)}>
      {has === null && factors.failure === null && <p key="loading">{shared.loading}</p>}
      <Problem key="problem" failure={factors.failure} retry={factors.reload} />
      {has !== null && mustEnrol && (
        <Enrolment
          key="enrol"
          onCodes={() => holdCodes(true)}
          onDone={() => settle(true)}
          onCancel={() => settle(false)}
        />
      )}
      {has !== null && !mustEnrol && (
        <Proof key="proof" factors={has} missing={missing} onDone={() => settle(true)} onCancel={() => settle(false)} />
      )}
    </Dialog>
  )
}

type ProofProps = { factors: SecondFactors; missing: Missing; onDone: () => void; onCancel: () => void }
type Way = 'password' | 'code' | 'passkey'

/** One proof: the password where that is enough; a code or a passkey where the account has a second factor. */
export function Proof({ factors, missing, onDone, onCancel }: ProofProps) {
  const t = useSignInTexts()
  const ways = waysOf(factors, missing, useRights().methods)
  const [chosen, setWay] = useState<Way | null>(null)
  const way = chosen ?? ways[0]
  async function prove(proof: Parameters<typeof client.v1.auth.reauthenticate.$post>[0]['json']): Promise<void> {
    const { accessToken, expiresIn } = await callApi(
      () => client.v1.auth.reauthenticate.$post({ json: proof }),
      duringProof,
    )
    replaceAccessToken(accessToken, expiresIn)
    onDone()
  }
  const byPasskey = async () =>
    prove({ passkey: await answerOf(await callApi(() => client.v1.auth.reauthenticate.options.$post(), duringProof)) })
  const names: Record<Way, string> = { password: t.withPassword, code: t.withCode, passkey: t.provePasskey }
  return (
    <div>
      <p>{way ? t.proofText : t.noWay}</p>
      {(way === 'password' || way === 'code') && (
        <Step key={way}>
          <Form
            submit={t.confirm}
            onCancel={onCancel}
            onSubmit={({ proof = '' }) => prove(way === 'password' ? { password: proof } : { code: proof })}
            fields={(errors) => (
              <Field
                label={way === 'password' ? t.password : t.code}
                name="proof"
                type={way === 'password' ? 'password' : 'text'}
                hint={way === 'password' ? undefined : t.codeHint}
                autocomplete={way === 'password' ? 'current-password' : 'one-time-code'}
                required
                error={errors.proof}
              />
            )}
          />
        </Step>
      )}
      {way === 'passkey' && (
        <Step key="passkey">
          <PasskeyButton label={t.provePasskey} use={byPasskey} />
        </Step>
      )}
      {way !== 'password' && way !== 'code' && <Cancel key="cancel" onCancel={onCancel} />}
      {ways.length > 1 && (
        <p key="ways" class="buttons">
          {ways
            .filter((one) => one !== way)
            .map((one) => (
              <button type="button" class="quiet" key={one} onClick={() => setWay(one)}>
                {names[one]}
              </button>
            ))}
        </p>
      )}
    </div>
  )
}

/** The possible methods, the likeliest first: an account that signed in by passkey may have no password. */
function waysOf(factors: SecondFactors, missing: Missing, methods: readonly string[]): Way[] {
  const { totp, recoveryCodesLeft, passkeys } = factors
  const ways: Way[] = missing === 'reauthentication-required' ? ['password'] : []
  if (totp.enabled || recoveryCodesLeft > 0) ways.push('code')
  if (hasPasskeys && passkeys > 0) ways.push('passkey')
  return methods.includes('pwd') ? ways : ways.reverse()
}

function Cancel({ onCancel }: { onCancel: () => void }) {
  const t = useTexts()
  return (
    <p class="buttons">
      <button type="button" onClick={onCancel}>
        {t.cancel}
      </button>
    </p>
  )
}
