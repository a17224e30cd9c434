import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { session } from '../session/session.ts'
import type { Pages } from './use-pages.ts'

/** A list with its scroll position, as it was when its page was saved. */
type CachedList<T> = Pick<Pages<T>, 'pages'> & { key: string; cursor: string | null; scrollY: number }

const isSignedIn = () => session.get().kind === 'signed-in'

/** Caches the list of the page that was left last, so that going back shows it unchanged; emptied at sign-out. */
export function createListCache<T>() {
  let cached: CachedList<T> | null = null
  const forget = () => {
    cached = null
  }
  session.subscribe(() => {
    if (!isSignedIn()) forget()
  })
  return {
    forget,
    /**
     * The cached list for this key, for `usePages`; null where there is none.
     * @param mayBeOld whether it is used however old it is
     */
    useCached(key: string, mayBeOld = true): CachedList<T> | null {
      const [saved] = useState(() => (mayBeOld && cached?.key === key ? cached : null))
      return saved
    },
    /** Restores the scroll position, and caches the list when the page is left. */
    useCaching(list: Pages<T> & { cursor: string | null }, saved: CachedList<T> | null): void {
      const latest = useRef(list)
      latest.current = list
      useEffect(() => {
        if (saved) scrollTo(0, saved.scrollY)
        let scrollY = saved?.scrollY ?? 0
        const note = () => (scrollY = window.scrollY)
        addEventListener('scroll', note, { passive: true })
        return () => {
          removeEventListener('scroll', note)
          const now = latest.current
          if (now?.isCurrent && isSignedIn())
            cached = { key: now.answers, pages: now.pages, cursor: now.cursor, scrollY }
        }
      }, [])
    },
  }
}
