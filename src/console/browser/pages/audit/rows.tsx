import type { AuditEntry } from '@manas360/client'
import { Chunks } from '../../parts/chunk.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { useFormat } from '../../shell/format.ts'
import { Actor, Target } from './links.tsx'
import { openEntry } from './opened.ts'
import { useAuditTexts } from './texts.ts'

type RowsProps = { pages: readonly (readonly AuditEntry[])[]; isRestored: boolean }

/** The table of entries, page by page. A click on an action opens the entry. */
export function Rows({ pages, isRestored }: RowsProps) {
  const t = useAuditTexts()
  return (
    <table class="rows trail" aria-label={t.entries} aria-rowcount={-1}>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col">{t.action}</th>
          <th scope="col">{t.at}</th>
          <th scope="col">{t.by}</th>
          <th scope="col">{t.on}</th>
          <th scope="col" class="wide">
            {t.network}
          </th>
        </tr>
      </thead>
      <Chunks pages={pages} columns={5} isRestored={isRestored} row={rowOf} />
    </table>
  )
}

const rowOf = (one: AuditEntry, index: number) => <Row key={one.id} one={one} index={index} />

function Row({ one, index }: { one: AuditEntry; index: number }) {
  const t = useAuditTexts()
  const format = useFormat()
  return (
    <tr aria-rowindex={index}>
      <th scope="row">
        <button
          type="button"
          class="quiet"
          aria-haspopup="dialog"
          aria-label={t.open(plainText(one.action), format.moment(one.at))}
          onClick={() => openEntry(one.id)}
        >
          <code>{plainText(one.action)}</code>
        </button>
      </th>
      <td>
        <span>{format.clock(one.at)}</span>
        <span class="hint">{format.localDay(one.at)}</span>
      </td>
      <td>
        <Actor entry={one} />
      </td>
      <td>
        <Target entry={one} />
      </td>
      <td class="wide">{one.ipAddress === null ? '–' : <code key="ip">{plainText(one.ipAddress)}</code>}</td>
    </tr>
  )
}
