import type { Child } from 'hono/jsx'
import type { Pages } from '../calls/use-pages.ts'

/** The rows of a list. While a new filter is loading they remain, marked as outdated. */
export function ListBody({ list, children }: { list: Pick<Pages<unknown>, 'isCurrent'>; children: Child }) {
  return (
    <div aria-busy={list.isCurrent ? undefined : 'true'} class={list.isCurrent ? undefined : 'overtaken'}>
      {children}
    </div>
  )
}
