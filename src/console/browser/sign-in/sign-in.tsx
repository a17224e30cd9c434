import { createClient } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi } from '../calls/call-api.ts'
import type { ProblemError } from '../calls/failure.ts'
import { timed } from '../calls/fetch.ts'
import { service } from '../calls/service.ts'
import { Field } from '../parts/field.tsx'
import { Form } from '../parts/form.tsx'
import { Problem } from '../parts/problem.tsx'
import { answerOf, hasPasskeys } from '../session/passkey.ts'
import { deviceHeaders, type EndReason, startSession } from '../session/session.ts'
import { Heading } from '../shell/heading.tsx'
import { PasskeyButton } from './passkey-button.tsx'
import { type Challenge, SecondStep } from './second-step.tsx'
import { useSignInTexts } from './texts.ts'

const bare = createClient(service, { fetch: timed })

/** Sign-in: by password, with a second step where the account has one, or by a passkey alone. */
export function SignIn({ why }: { why: EndReason | null }) {
  const t = useSignInTexts()
  const [challenge, setChallenge] = useState<Challenge | null>(null)
  const [refusal, setRefusal] = useState<ProblemError | null>(null)
  function startAgain(failure: ProblemError | null = null): void {
    setRefusal(failure)
    setChallenge(null)
  }
  if (challenge) return <SecondStep challenge={challenge} onGiveUp={startAgain} />
  async function byPassword({ email = '', password = '' }: Record<string, string>): Promise<void> {
    setRefusal(null)
    const body = await callApi(() => bare.v1.auth.login.$post({ json: { email, password } }, deviceHeaders()))
    if ('mfaToken' in body) setChallenge(body)
    else await startSession(body)
  }
  async function byPasskey(): Promise<void> {
    const passkey = await answerOf(await callApi(() => bare.v1.auth.passkey.options.$post()))
    await startSession(await callApi(() => bare.v1.auth.passkey.$post({ json: passkey }, deviceHeaders())))
  }
  return (
    <div class="narrow">
      <Heading text={t.title} />
      {why !== null && why !== 'left' && (
        <p class="note" role="status" key="why">
          {t.why[why]}
        </p>
      )}
      <Problem key="refusal" failure={refusal} />
      <Form
        key="form"
        submit={t.submit}
        onSubmit={byPassword}
        shown={['email', 'password']}
        fields={(errors) => [
          <Field
            key="email"
            label={t.email}
            name="email"
            type="email"
            autocomplete="username"
            required
            error={errors.email}
          />,
          <Field
            key="password"
            label={t.password}
            name="password"
            type="password"
            autocomplete="current-password"
            required
            error={errors.password}
          />,
        ]}
      />
      {hasPasskeys && <PasskeyButton key="passkey" label={t.withPasskey} use={byPasskey} />}
    </div>
  )
}
