import type { PageName } from './page-names.ts'

/** The texts of one page. */
export type PageTexts = {
  title: string
  /** The effect of the button. */
  intro: string
  button: string
  done: { title: string; text: string }
  /** Replaces `done` where mail is off. */
  doneWithoutMail?: string
  /** The next step when the link is refused, behind `shared.refused`. */
  refused: string
}

/** The texts of all pages. */
export type SharedTexts = {
  needsScript: string
  /** For a link without its token, or a page that was reloaded. */
  incomplete: string
  working: string
  /** For a link that is wrong, used, expired or void: the service does not distinguish them. */
  refusedTitle: string
  refused: string
  help: string
  languages: string
  passwordLabel: string
  newPasswordLabel: string
  emailLabel: string
  show: string
  hide: string
  passwordHint: (minLength: number) => string
  /** Replaces the service's own sentence, which is in English. */
  passwordTooShort?: (minLength: number) => string
  openApp: (brand: string) => string
  consents: string
  required: string
  /** Messages by problem code, or by the code of an error of the password; `other` for the rest. */
  problems: Record<string, string>
}

export type Texts = { shared: SharedTexts; pages: Record<PageName, PageTexts> }
