import type { Child } from 'hono/jsx'
import type { Pages } from '../calls/use-pages.ts'

/** What a list shows. While another question is asked it stays, and is told as overtaken. */
export function ListBody({ list, children }: { list: Pick<Pages<unknown>, 'isCurrent'>; children: Child }) {
  return (
    <div aria-busy={list.isCurrent ? undefined : 'true'} class={list.isCurrent ? undefined : 'overtaken'}>
      {children}
    </div>
  )
}
