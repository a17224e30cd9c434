import type { FC } from 'hono/jsx'
import type { Language } from '../shell/language.ts'

/** What a page is given: what stands behind its own name in the address, e.g. the id of `/console/people/019…`. */
export type PageProps = { rest: readonly string[] }

/** A page of the console, and its place in the menu. */
export type Page = {
  /** Its segment of the address: `/console/people`; the first page has none. */
  name: string
  label: Record<Language, string>
  /** The permissions of which one opens it; without any of them it is not offered. */
  needs: readonly string[]
  /** Loaded when the page is opened: a file of its own in the bundle. */
  load: () => Promise<FC<PageProps>>
}
