import type { Child } from 'hono/jsx'
import { useLayoutEffect, useRef } from 'hono/jsx/dom'

/**
 * A part of a dialog that replaces another. It moves the focus to its first field or to itself: otherwise the focus
 * would be lost, and screen readers would not announce the change.
 */
export function Step({ children }: { children?: Child }) {
  const part = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const focused = part.current?.querySelector<HTMLElement>('input, select, textarea') ?? part.current
    focused?.focus()
  }, [])
  return (
    <div class="step" ref={part} tabindex={-1}>
      {children}
    </div>
  )
}
