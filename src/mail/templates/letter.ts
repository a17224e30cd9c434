import type { Brand } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'

/** The content of one mail in one language, from which both text and HTML are made. */
export type Letter = {
  subject: string
  /** What happened, and what to do. */
  paragraphs: string[]
  /** A line for each event or detail. */
  facts?: string[]
  /** The label of the button with the link, and how long that works; absent without a link. */
  action?: { label: string; validity: string }
  /** The reason for this mail. */
  why: string
  /** Advice for a recipient who did not cause it. */
  notYou: string
}

/** Values for every letter beside its data. */
export type LetterContext = {
  brand: Brand
  /** A point in time (ISO 8601) in the reader's language and time zone: to the minute, or to the day. */
  time: (iso: string) => string
  day: (iso: string) => string
}

/** A letter in every language; the compiler requires all. */
export type LetterTexts<Data> = Record<Language, (data: Data, context: LetterContext) => Letter>
