import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { session } from '../session/session.ts'
import type { Pages } from './use-pages.ts'

/** A list as it was left. */
export type LeftList<T> = Pick<Pages<T>, 'pages'> & { key: string; cursor: string | null; scrollY: number }

const isSignedIn = () => session.get().kind === 'signed-in'

/** Keeps the list of a page that was left last, so that going back finds it as it was; until somebody signs out. */
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
     * The list of this key as it was left, for `usePages`; null where another was left, or none.
     * @param mayBeOld whether an old list will do
     */
    useLeft(key: string, mayBeOld = true): LeftList<T> | null {
      const [left] = useState(() => (mayBeOld && kept?.key === key ? kept : null))
      return left
    },
    /** Scrolls to where one was, and keeps the list when the page is left. */
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
