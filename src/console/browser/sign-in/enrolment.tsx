import type { TotpEnrolment } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, duringProof } from '../calls/call-api.ts'
import { client } from '../calls/client.ts'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { Step } from '../parts/step.tsx'
import { hasPasskeys, newPasskey } from '../session/passkey.ts'
import { useRights } from '../session/rights.ts'
import { renew, replaceAccessToken } from '../session/session.ts'
import { useTexts } from '../shell/texts.ts'
import { PasskeyButton } from './passkey-button.tsx'
import { useSignInTexts } from './texts.ts'

type At =
  | { kind: 'password' }
  | { kind: 'choose' }
  | { kind: 'app'; enrolment: TotpEnrolment }
  | { kind: 'passkey' }
  | { kind: 'codes'; codes: string[] }

type EnrolmentProps = {
  /** Called when recovery codes are shown, which happens once. */
  onCodes: () => void
  onDone: () => void
  onCancel: () => void
}

/** Enrols the second factor of an administrator who has none, after the password was confirmed. */
export function Enrolment({ onCodes, onDone, onCancel }: EnrolmentProps) {
  const t = useSignInTexts()
  const shared = useTexts()
  // A person who signed in without a password may have none.
  const { methods } = useRights()
  const [step, setStep] = useState<At>({ kind: methods.includes('pwd') ? 'password' : 'choose' })
  async function confirmPassword({ password = '' }: Record<string, string>): Promise<void> {
    const { accessToken, expiresIn } = await callApi(
      () => client.v1.auth.reauthenticate.$post({ json: { password } }),
      duringProof,
    )
    replaceAccessToken(accessToken, expiresIn)
    setStep({ kind: 'choose' })
  }
  const beginApp = async () =>
    setStep({ kind: 'app', enrolment: await callApi(() => client.v1.me.mfa.totp.$post(), duringProof) })
  /** The session is stronger now; its token has the new `acr` once it is renewed. */
  async function finish(): Promise<void> {
    await renew()
    onDone()
  }
  async function confirmApp({ code = '' }: Record<string, string>): Promise<void> {
    const { recoveryCodes } = await callApi(() => client.v1.me.mfa.totp.confirm.$post({ json: { code } }), duringProof)
    if (!recoveryCodes) return finish()
    onCodes()
    setStep({ kind: 'codes', codes: recoveryCodes })
  }
  async function addPasskey({ name = '' }: Record<string, string>): Promise<void> {
    const created = await newPasskey(await callApi(() => client.v1.me.passkeys.options.$post(), duringProof))
    await callApi(() => client.v1.me.passkeys.$post({ json: { ...created, name } }), duringProof)
    await finish()
  }
  switch (step.kind) {
    case 'password':
      return (
        <Step key="password">
          <p>{t.enrolText}</p>
          <Form
            submit={t.confirm}
            onCancel={onCancel}
            onSubmit={confirmPassword}
            fields={(errors) => (
              <Field
                label={t.password}
                name="password"
                type="password"
                autocomplete="current-password"
                required
                error={errors.password}
              />
            )}
          />
        </Step>
      )
    case 'choose':
      return (
        <Step key="choose">
          <p>{t.enrolText}</p>
          <PasskeyButton key="app" label={t.enrolApp} use={beginApp} />
          {hasPasskeys && (
            <PasskeyButton key="passkey" label={t.enrolPasskey} use={async () => setStep({ kind: 'passkey' })} />
          )}
          <p class="buttons" key="cancel">
            <button type="button" onClick={onCancel}>
              {shared.cancel}
            </button>
          </p>
        </Step>
      )
    case 'app':
      return (
        <Step key="app">
          <p>{t.scan}</p>
          <img class="qr" alt={t.qr} src={`data:image/svg+xml,${encodeURIComponent(step.enrolment.qrSvg ?? '')}`} />
          <p>
            {t.secret}: <code class="secret">{step.enrolment.secret}</code>
          </p>
          <Form
            submit={t.confirm}
            onCancel={onCancel}
            onSubmit={confirmApp}
            fields={(errors) => (
              <Field
                label={t.firstCode}
                name="code"
                inputmode="numeric"
                autocomplete="one-time-code"
                required
                error={errors.code}
              />
            )}
          />
        </Step>
      )
    case 'passkey':
      return (
        <Step key="name">
          <Form
            submit={t.enrolPasskey}
            onCancel={onCancel}
            onSubmit={addPasskey}
            fields={(errors) => (
              <Field
                label={t.passkeyName}
                name="name"
                hint={t.passkeyNameHint}
                required
                maxlength={80}
                error={errors.name}
              />
            )}
          />
        </Step>
      )
    case 'codes':
      return (
        <Step key="codes">
          <h3>{t.recoveryTitle}</h3>
          <p>{t.recoveryText}</p>
          <ul class="codes">
            {step.codes.map((code) => (
              <li key={code}>
                <code>{code}</code>
              </li>
            ))}
          </ul>
          <PasskeyButton label={t.codesKept} use={finish} />
        </Step>
      )
  }
}
