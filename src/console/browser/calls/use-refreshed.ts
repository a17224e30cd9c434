import { useEffect, useRef } from 'hono/jsx/dom'
import { connection } from './connection.ts'

/**
 * Calls `refresh` every `everyMs` while the page is visible, and when it becomes visible again. After a lost connection
 * useAnswer and usePages load by themselves.
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
