import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { session } from '../session/session.ts'
import type { Pages } from './use-pages.ts'

/** A list with its scroll position, as it was when its page was left. */
export type LeftList<T> = Pick<Pages<T>, 'pages'> & { key: string; cursor: string | null; scrollY: number }

const isSignedIn = () => session.get().kind === 'signed-in'

/** Caches the list of the page that was left last, so that going back shows it unchanged; emptied at sign-out. */
export function createKeptList<T>() {
  let kept: LeftList<T> | null = null
  const forget = () => {
    kept = null
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
    useLeft(key: string, mayBeOld = true): LeftList<T> | null {
      const [left] = useState(() => (mayBeOld && kept?.key === key ? kept : null))
      return left
    },
    /** Restores the scroll position, and caches the list when the page is left. */
    useKeeping(list: Pages<T> & { cursor: string | null }, left: LeftList<T> | null): void {
      const latest = useRef(list)
      latest.current = list
      useEffect(() => {
        if (left) scrollTo(0, left.scrollY)
        let scrollY = left?.scrollY ?? 0
        const note = () => (scrollY = window.scrollY)
        addEventListener('scroll', note, { passive: true })
        return () => {
          removeEventListener('scroll', note)
          const now = latest.current
          if (now?.isCurrent && isSignedIn()) kept = { key: now.answers, pages: now.pages, cursor: now.cursor, scrollY }
        }
      }, [])
    },
  }
}
