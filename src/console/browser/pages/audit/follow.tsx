import { useId } from 'hono/jsx/dom'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { setQuery } from '../../shell/router.tsx'
import { useAuditTexts } from './texts.ts'
import type { useTail } from './use-tail.ts'

type FollowProps = { isOn: boolean; hasEnd: boolean; tail: ReturnType<typeof useTail> }

/** The switch of the live view, with the number of new entries. Its state is in the query. */
export function Follow({ isOn, hasEnd, tail: { added, failure } }: FollowProps) {
  const t = useAuditTexts()
  const format = useFormat()
  const id = useId()
  if (hasEnd) return <p class="hint">{t.noFollowing}</p>
  return (
    <div class="follow">
      <p>
        <label>
          <input
            type="checkbox"
            checked={isOn}
            aria-describedby={id}
            onChange={(event: Event) =>
              setQuery({ follow: (event.currentTarget as HTMLInputElement).checked ? 'on' : null })
            }
          />
          <span>{t.follow}</span>
        </label>
      </p>
      <p class="hint" id={id}>
        {t.followHint}
      </p>
      <p class="came" role="status">
        {isOn ? (added ? t.came(format.number(added.count), added.isMore, format.clock(added.at)) : t.nothingYet) : ''}
      </p>
      {isOn && <Problem key="problem" failure={failure} />}
    </div>
  )
}
