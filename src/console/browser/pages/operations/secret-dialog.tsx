import { CopyableText } from '../../parts/copyable-text.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { useFormat } from '../../shell/format.ts'
import { useTexts } from '../../shell/texts.ts'
import { useOperationsTexts } from './texts.ts'

type Props = { secret: string | null; earlierUntil?: string; onClose: () => void }

/** Shows the new signing secret of an endpoint, once. It is stored nowhere in the browser. */
export function SecretDialog({ secret, earlierUntil, onClose }: Props) {
  const { webhookTexts: t } = useOperationsTexts()
  const shared = useTexts()
  const format = useFormat()
  return (
    <Dialog title={t.secretTitle} onClose={onClose}>
      <p>{secret === null ? t.secretUnknown : t.secretText}</p>
      {secret !== null && <CopyableText key="secret" text={secret} />}
      {earlierUntil && (
        <p class="hint" key="earlier">
          {t.earlierUntil(format.time(earlierUntil))}
        </p>
      )}
      <p class="buttons">
        <button type="button" class="main" onClick={onClose}>
          {shared.close}
        </button>
      </p>
    </Dialog>
  )
}
