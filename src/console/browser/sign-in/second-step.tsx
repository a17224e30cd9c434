import { createClient, type MfaRequired } from '@manas360/client'
import { callApi } from '../calls/call-api.ts'
import { isCode, type ProblemError } from '../calls/failure.ts'
import { timed } from '../calls/fetch.ts'
import { service } from '../calls/service.ts'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { answerOf, hasPasskeys } from '../session/passkey.ts'
import { deviceHeaders, startSession } from '../session/session.ts'
import { Heading } from '../shell/heading.tsx'
import { PasskeyButton } from './passkey-button.tsx'
import { useSignInTexts } from './texts.ts'

export type Challenge = MfaRequired

const bare = createClient(service, { fetch: timed })

/** The second step: a code of the authenticator app, a recovery code, or a passkey. */
export function SecondStep({
  challenge,
  onGiveUp,
}: {
  challenge: Challenge
  onGiveUp: (failure?: ProblemError) => void
}) {
  const t = useSignInTexts()
  const { mfaToken, methods } = challenge
  async function byCode({ code = '' }: Record<string, string>): Promise<void> {
    try {
      await startSession(await callApi(() => bare.v1.auth.mfa.$post({ json: { mfaToken, code } }, deviceHeaders())))
    } catch (failure) {
      // The token has expired, or the password was changed: back to the first step.
      if (isCode(failure, 'invalid-mfa-token')) onGiveUp(failure)
      throw failure
    }
  }
  async function byPasskey(): Promise<void> {
    const passkey = await answerOf(await callApi(() => bare.v1.auth.mfa.options.$post({ json: { mfaToken } })))
    await startSession(await callApi(() => bare.v1.auth.mfa.$post({ json: { mfaToken, passkey } }, deviceHeaders())))
  }
  const takesCodes = methods.includes('totp') || methods.includes('recovery-code')
  return (
    <div class="narrow">
      <Heading text={t.secondTitle} />
      {takesCodes && (
        <Form
          key="code"
          submit={t.confirm}
          onSubmit={byCode}
          shown={['code']}
          fields={(errors) => (
            <Field
              label={t.code}
              name="code"
              hint={methods.includes('totp') ? t.codeHint : t.recoveryHint}
              autocomplete="one-time-code"
              required
              maxlength={64}
              error={errors.code}
            />
          )}
        />
      )}
      {hasPasskeys && methods.includes('passkey') && (
        <PasskeyButton key="passkey" label={t.withPasskey} use={byPasskey} />
      )}
      <p key="again">
        <button type="button" class="quiet" onClick={() => onGiveUp()}>
          {t.startAgain}
        </button>
      </p>
    </div>
  )
}
