import type { User } from '@manas360/client'
import { Chunks } from '../../../parts/chunk.tsx'
import { useFormat } from '../../../shell/format.ts'
import { Link } from '../../../shell/router.tsx'
import { nameOf } from '../names.ts'
import { usePeopleTexts } from '../texts.ts'

type RowsProps = { pages: readonly (readonly User[])[]; isRestored: boolean }

/** The table of people, page by page. */
export function Rows({ pages, isRestored }: RowsProps) {
  const t = usePeopleTexts()
  return (
    <table class="rows people" aria-label={t.title} aria-rowcount={-1}>
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col">{t.person}</th>
          <th scope="col">{t.status}</th>
          <th scope="col">{t.role}</th>
          <th scope="col">{t.plan}</th>
          <th scope="col" class="wide">
            {t.created}
          </th>
          <th scope="col" class="wide">
            {t.lastLogIn}
          </th>
        </tr>
      </thead>
      <Chunks pages={pages} columns={6} isRestored={isRestored} row={rowOf} />
    </table>
  )
}

const rowOf = (one: User, index: number) => <Row key={one.id} one={one} index={index} />

function Row({ one, index }: { one: User; index: number }) {
  const t = usePeopleTexts()
  const format = useFormat()
  return (
    <tr aria-rowindex={index}>
      <th scope="row">
        <Link path={['people', one.id]}>{nameOf(one) ?? one.email}</Link>
        <span class="hint">{nameOf(one) ? one.email : ''}</span>
      </th>
      <td class={one.status === 'active' ? 'state' : 'state bad'}>{t.statuses[one.status]}</td>
      <td>{one.role}</td>
      <td>{one.plan.displayName}</td>
      <td class="wide">{format.day(one.createdAt)}</td>
      <td class="wide">{one.lastLoginAt ? format.ago(one.lastLoginAt) : '–'}</td>
    </tr>
  )
}
