import type { AuditEntry } from '@manas360/client'
import { plainText } from '../../parts/plain-text.ts'
import { useRights } from '../../session/rights.ts'
import { Link } from '../../shell/router.tsx'
import { useAuditTexts } from './texts.ts'

/** The actor: a link to the person, where the role may see people. */
export function Actor({ entry: { actorId, ipAddress } }: { entry: AuditEntry }) {
  const t = useAuditTexts()
  const { accountId } = useRights()
  if (actorId === null) return <span>{ipAddress === null ? t.program : t.nobody}</span>
  return <Account id={actorId} text={actorId === accountId ? t.you : actorId} />
}

/** The entity that was acted on. */
export function Target({ entry: { entityType, entityId } }: { entry: AuditEntry }) {
  const t = useAuditTexts()
  return (
    <>
      <span>{t.kinds[entityType] ?? plainText(entityType)}</span>
      <span class="hint">
        {entityId === null ? (
          ''
        ) : entityType === 'account' ? (
          <Account id={entityId} />
        ) : (
          <code>{plainText(entityId)}</code>
        )}
      </span>
    </>
  )
}

function Account({ id, text = id }: { id: string; text?: string }) {
  const { may } = useRights()
  const shown = text === id ? <code>{plainText(id)}</code> : <span>{text}</span>
  return may('users.manage') ? <Link path={['people', id]}>{shown}</Link> : shown
}
