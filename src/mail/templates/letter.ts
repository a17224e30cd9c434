import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** One mail in one language, without its form: what the text and the HTML are both made of. */
export type Letter = {
  subject: string
  /** What happened, and what to do. */
  paragraphs: string[]
  /** One line for each thing that happened or is promised. */
  facts?: string[]
  /** The words on the button that carries the link; a letter without a link has none. */
  action?: string
  /** How long the link works, and that it works once. */
  validity?: string
  /** Why this mail came. */
  why: string
  /** What to do if it was not you. */
  notYou: string
}

/** What every letter may use beside its data. */
export type LetterContext = {
  brand: Brand
  /** A point in time (ISO 8601) in the reader's language and time zone, to the minute or to the day. */
  time: (iso: string) => string
  day: (iso: string) => string
}

/** A mail that exists in every language: one that is missing does not compile. */
export type Template<Data> = Record<Language, (data: Data, context: LetterContext) => Letter>
