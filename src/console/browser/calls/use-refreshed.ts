import { useEffect, useRef } from 'hono/jsx/dom'
import { connection } from './connection.ts'

/**
 * Calls `refresh` every `everyMs` while somebody can see the page, and when they come back to it. What a lost connection kept
 * from being read is asked for by useAnswer and usePages when it is back.
 */
export function useRefreshed(refresh: () => void, everyMs: number): void {
  const latest = useRef(refresh)
  latest.current = refresh
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible' && !connection.get().isLost) latest.current?.()
    }
    const timer = setInterval(look, everyMs)
    document.addEventListener('visibilitychange', look)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', look)
    }
  }, [everyMs])
}
