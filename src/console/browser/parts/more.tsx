import { useEffect, useRef } from 'hono/jsx/dom'
import type { Pages } from '../calls/use-pages.ts'
import { useTexts } from '../shell/texts.ts'
import { Problem } from './problem.tsx'

/** The distance below the window at which the next page is loaded. */
const aheadPx = 1_200

type MoreProps = { list: Pages<unknown>; isAutomatic?: boolean }

/** The end of a list: loads the next page when it comes near the window, or by a button. */
export function More({ list, isAutomatic = false }: MoreProps) {
  const t = useTexts()
  const end = useRef<HTMLDivElement>(null)
  const latest = useRef(list.more)
  latest.current = list.more
  const count = list.pages.length
  useEffect(() => {
    if (!isAutomatic || !end.current) return
    const seen = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) latest.current?.()
      },
      { rootMargin: `0px 0px ${aheadPx}px` },
    )
    seen.observe(end.current)
    return () => seen.disconnect()
    // Observed again after each page: an element that stays visible triggers no event.
  }, [isAutomatic, count, list.hasMore])
  const isEmpty = list.isCurrent && !list.isLoading && list.pages.every((page) => page.length === 0)
  return (
    <div class="more" ref={end}>
      <Problem key="problem" failure={list.failure} retry={count === 0 ? list.reload : list.more} />
      {list.isLoading && <p key="loading">{t.loading}</p>}
      {list.hasMore && !list.isLoading && (
        <button type="button" key="more" onClick={list.more}>
          {t.more}
        </button>
      )}
      {isEmpty && <p key="empty">{t.empty}</p>}
      {!isEmpty && list.isCurrent && !list.hasMore && !list.isLoading && (
        <p class="hint" key="end">
          {t.end}
        </p>
      )}
    </div>
  )
}
