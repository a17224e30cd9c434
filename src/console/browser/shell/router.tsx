import type { Child } from 'hono/jsx'
import { consolePath } from '../calls/service.ts'
import { createStore, useStore } from '../store.ts'

/** The path and query of a page: `people`, `019…` for `/console/people/019…?plan=free`. */
export type Route = { path: readonly string[]; query: Readonly<Record<string, string>> }
export type Query = Record<string, string | null | undefined>

export const route = createStore<Route>(read())
addEventListener('popstate', () => {
  isReturn = true
  route.set(read())
})

let isReturn = false
/** Whether the page was reached by going back or forward, and not by a link. */
export const isReturned = (): boolean => isReturn

function read(): Route {
  const path = location.pathname.slice(consolePath.length).split('/').filter(Boolean).map(decoded)
  return { path, query: Object.fromEntries(new URLSearchParams(location.search)) }
}

/** A segment with invalid percent-encoding is kept undecoded: it matches no page. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** The URL of a page. Empty values of the query are left out. */
function hrefOf(path: readonly string[], query: Query = {}): string {
  const filled = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]))
  const search = new URLSearchParams(filled).toString()
  return `${[consolePath, ...path.map(encodeURIComponent)].join('/')}${search && `?${search}`}`
}

type NavigateOptions = {
  /** For another part of the same page: keeps the scroll position. */
  keepsScroll?: boolean | undefined
}

/** Opens a page, with an entry in the browser's history. */
export function navigate(path: readonly string[], query: Query = {}, { keepsScroll }: NavigateOptions = {}): void {
  isReturn = false
  history.pushState(null, '', hrefOf(path, query))
  route.set(read())
  if (!keepsScroll) scrollTo(0, 0)
}

/** Changes part of the query in place: filters add no entries to the history. */
export function setQuery(change: Query): void {
  const { path, query } = route.get()
  history.replaceState(null, '', hrefOf(path, { ...query, ...change }))
  route.set(read())
}

/** The current path and query; the component renders again when they change. */
export const useRoute = () => useStore(route)

type LinkProps = NavigateOptions & {
  path: readonly string[]
  query?: Query
  class?: string
  current?: boolean
  children?: Child
}

/** A link within the console; with a modifier key or the middle button, the browser opens it elsewhere. */
export function Link({ path, query, class: name, current, keepsScroll, children }: LinkProps) {
  return (
    <a
      href={hrefOf(path, query)}
      class={name}
      aria-current={current ? 'page' : undefined}
      onClick={(event: MouseEvent) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        navigate(path, query, { keepsScroll })
      }}
    >
      {children}
    </a>
  )
}
