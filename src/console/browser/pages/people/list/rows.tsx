import type { User } from '@manas360/client'
import { memo, useEffect, useRef, useState } from 'hono/jsx/dom'
import { useFormat } from '../../../shell/format.ts'
import { Link } from '../../../shell/router.tsx'
import { nameOf } from '../names.ts'
import { usePeopleTexts } from '../texts.ts'

/** Of a row; the style sheet holds it to that. */
const rowPx = 53
/** What is further from the window is not drawn. */
const nearPx = 2_000

type RowsProps = { pages: readonly (readonly User[])[]; isRestored: boolean }

/** The table of people. Only pages near the window have rows; the others are as high as theirs would be. */
export function Rows({ pages, isRestored }: RowsProps) {
  const t = usePeopleTexts()
  let before = 0
  return (
    <table class="people" aria-label={t.title} aria-rowcount={-1}>
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
      {pages.map((people) => {
        const first = before + 2
        before += people.length
        return <Chunk key={String(first)} people={people} first={first} isNearFirst={!isRestored} />
      })}
    </table>
  )
}

type ChunkProps = { people: readonly User[]; first: number; isNearFirst: boolean }

const Chunk = memo(function Chunk({ people, first, isNearFirst }: ChunkProps) {
  const body = useRef<HTMLElement>(null)
  const [isNear, setNear] = useState(isNearFirst)
  useEffect(() => {
    if (!body.current) return
    const seen = new IntersectionObserver((entries) => setNear(Boolean(entries.at(-1)?.isIntersecting)), {
      rootMargin: `${nearPx}px 0px`,
    })
    seen.observe(body.current)
    return () => seen.disconnect()
  }, [])
  return (
    <tbody ref={body}>
      {isNear ? (
        people.map((one, i) => <Row key={one.id} one={one} index={first + i} />)
      ) : (
        <tr key="gap">
          <td colspan={6} style={{ height: `${people.length * rowPx}px`, padding: '0' }} />
        </tr>
      )}
    </tbody>
  )
})

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
