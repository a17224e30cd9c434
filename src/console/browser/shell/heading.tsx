import type { Child } from 'hono/jsx'
import { useEffect, useRef } from 'hono/jsx/dom'
import { brandName } from './brand.ts'
import { useTexts } from './texts.ts'

let isFirst = true

/** The page's heading. It is also the window's title, and has the focus after a page was opened. */
export function Heading({ text, children }: { text: string; children?: Child }) {
  const t = useTexts()
  const heading = useRef<HTMLElement>(null)
  useEffect(() => {
    document.title = `${text} – ${brandName} ${t.console}`
  }, [text, t])
  useEffect(() => {
    if (!isFirst) heading.current?.focus()
    isFirst = false
  }, [])
  return (
    <div class="heading">
      <h1 ref={heading} tabindex={-1}>
        {text}
      </h1>
      {children}
    </div>
  )
}
