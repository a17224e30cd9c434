import type { AuditState } from '@manas360/client'
import type { Loaded } from '../../calls/use-answer.ts'
import { Figures } from '../../parts/figures.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { useAuditTexts } from './texts.ts'

/** Sealing is due every few seconds, verifying every minute. */
const overdueMs = 10 * 60_000

/** Whether what is read here can be trusted: how far it is sealed, and what its verification found. */
export function SealState({ answer }: { answer: Loaded<AuditState> }) {
  const t = useAuditTexts()
  const format = useFormat()
  const now = answer.data
  if (!now) return <Problem failure={answer.failure} retry={answer.reload} />
  const { seal, unsealed, verification } = now
  const { status, fault, seals, whole } = verification
  const isOverdue = (iso: string | null | undefined) => Boolean(iso) && Date.now() - Date.parse(String(iso)) > overdueMs
  const entries = ({ entries: count }: { entries: number }) => t.entriesOf(format.number(count))
  return (
    <section class="seals" aria-label={t.trust}>
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
      <Figures
        figures={[
          {
            label: t.verification,
            value: t.statuses[status],
            note: seals ? t.verifiedUpTo(format.number(seals.upTo ?? 0), format.ago(seals.verifiedAt)) : t.notVerified,
            isBad: status === 'faulty' || isOverdue(seals?.verifiedAt),
          },
          {
            label: t.newestSeal,
            value: seal ? format.ago(seal.sealedAt) : t.none,
            note: seal
              ? t.sealOf(format.number(seal.number), seal.upTo ? format.moment(seal.upTo.at) : t.unknown)
              : undefined,
          },
          {
            label: t.unsealed,
            value: format.number(unsealed.entries),
            note: unsealed.since ? t.since(format.ago(unsealed.since)) : undefined,
            isBad: isOverdue(unsealed.since),
          },
          {
            label: t.wholeVerified,
            value: whole ? format.ago(whole.verifiedAt) : t.never,
            note: whole && whole.entries > 0 ? entries(whole) : t.byCommand,
          },
        ]}
      />
    </section>
  )
}
