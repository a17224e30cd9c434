import type { FC } from 'hono/jsx'
import type { Language } from '../shell/language.ts'

/** The properties of a page: the path segments behind its own name, e.g. the id in `/console/people/019…`. */
export type PageProps = { rest: readonly string[] }

/** A page of the console and its entry in the menu. */
export type Page = {
  /** Its path segment: `/console/people`; empty for the first page. */
  name: string
  label: Record<Language, string>
  /** The page is offered to people with any of these permissions. */
  needs: readonly string[]
  /** Loads the page's own file of the bundle when the page is opened. */
  load: () => Promise<FC<PageProps>>
}
