import type { Child } from 'hono/jsx'
import { useLayoutEffect, useRef } from 'hono/jsx/dom'

/**
 * A part of a dialog that takes the place of another. The focus goes to its first field, or to the part as a whole: with what
 * had it before it would be lost, and nothing would tell that there is another part.
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
