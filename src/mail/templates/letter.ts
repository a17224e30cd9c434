import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** One mail in one language, without its form: both the text and the HTML are made of it. */
export type Letter = {
  subject: string
  /** What happened, and what to do. */
  paragraphs: string[]
  /** A line for each event or particular. */
  facts?: string[]
  /** The words on the button that carries the link, and how long that works; where the mail has one. */
  action?: { label: string; validity: string }
  /** Why this mail came. */
  why: string
  /** What to do if it was not you. */
  notYou: string
}

/** What every letter may use beside its data. */
export type LetterContext = {
  brand: Brand
  /** A point in time (ISO 8601) in the reader's language and time zone: to the minute, or to the day. */
  time: (iso: string) => string
  day: (iso: string) => string
}

/** A letter in every language: one that is missing does not compile. */
export type LetterTexts<Data> = Record<Language, (data: Data, context: LetterContext) => Letter>
