import type { Webhook } from '@manas360/client'
import { useFormat } from '../../shell/format.ts'
import { useOperationsTexts } from './texts.ts'

/** The state of an endpoint, with the reason where it is disabled. */
export function EndpointState({ of: { enabled, disabledReason, failingSince } }: { of: Webhook }) {
  const { webhookTexts: t } = useOperationsTexts()
  const format = useFormat()
  if (!enabled)
    return (
      <span class={disabledReason ? 'state bad' : 'state'}>
        {disabledReason ? t.offBecause[disabledReason] : t.isOff}
      </span>
    )
  return failingSince ? (
    <span class="state bad">{t.failingSince(format.time(failingSince))}</span>
  ) : (
    <span class="state">{t.works}</span>
  )
}
