import type { AuditState } from '@manas360/client'
import type { Loaded } from '../../calls/use-answer.ts'
import { type Figure, Figures } from '../../parts/figures.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { Problem } from '../../parts/problem.tsx'
import { type Format, useFormat } from '../../shell/format.ts'
import { useAuditTexts } from './texts.ts'
import type { AuditTexts } from './texts-en.ts'

/** Sealing runs every few seconds, verification every minute. */
const overdueMs = 10 * 60_000

/** The integrity of the trail: how far it is sealed, and the result of its verification. */
export function SealState({ answer }: { answer: Loaded<AuditState> }) {
  const t = useAuditTexts()
  const format = useFormat()
  const now = answer.data
  const fault = now?.verification.fault ?? null
  return (
    <section class="seals" aria-label={t.trust} aria-busy={now ? undefined : 'true'}>
      <Problem key="problem" failure={answer.failure} retry={answer.reload} />
      {fault !== null && (
        <div class="problem" role="alert" key="fault">
          <p>{t.tampered}</p>
          <p>
            <code>{plainText(fault)}</code>
          </p>
          <p class="reference">{t.tamperedNext}</p>
        </div>
      )}
      <Figures figures={now ? figuresOf(now, t, format) : placesOf(t)} />
    </section>
  )
}

function figuresOf({ seal, unsealed, verification }: AuditState, t: AuditTexts, format: Format): Figure[] {
  const { status, seals, whole } = verification
  const isLate = isOverdue(seals?.verifiedAt)
  const entries = format.number(whole?.entries ?? 0)
  const upTo = seal?.upTo ? format.moment(seal.upTo.at) : t.unknown
  return [
    {
      label: t.verification,
      value: t.statuses[status],
      note: seals
        ? `${t.verifiedUpTo(format.number(seals.upTo ?? 0), format.ago(seals.verifiedAt))}${isLate ? ` ${t.overdue}` : ''}`
        : t.notVerified,
      isBad: status === 'faulty' || isLate,
    },
    {
      label: t.newestSeal,
      value: seal ? format.ago(seal.sealedAt) : t.none,
      note: seal ? t.sealOf(format.number(seal.number), upTo) : t.byJob,
    },
    {
      label: t.unsealed,
      value: format.number(unsealed.entries),
      note: unsealed.since
        ? `${t.since(format.ago(unsealed.since))}${isOverdue(unsealed.since) ? ` ${t.overdue}` : ''}`
        : t.byJob,
      isBad: isOverdue(unsealed.since),
    },
    {
      label: t.wholeVerified,
      value: whole ? format.ago(whole.verifiedAt) : t.never,
      note: whole?.entries ? t.entriesOf(entries) : t.byCommand,
    },
  ]
}

/** Placeholders before the answer, so that nothing moves when it arrives. */
const placesOf = (t: AuditTexts): Figure[] =>
  [t.verification, t.newestSeal, t.unsealed, t.wholeVerified].map((label) => ({ label, value: '…', note: '…' }))

const isOverdue = (iso: string | null | undefined): boolean =>
  typeof iso === 'string' && Date.now() - Date.parse(iso) > overdueMs
