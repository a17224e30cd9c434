import type { PageName } from './page-names.ts'

/** What one page says. */
export type PageTexts = {
  title: string
  /** What the button does. */
  intro: string
  button: string
  done: { title: string; text: string }
  /** In place of its text where no mail is sent. */
  doneWithoutMail?: string
  /** What to do next when the link is refused, behind `shared.refused`. */
  refused: string
}

/** What all pages say. */
export type SharedTexts = {
  needsScript: string
  /** The link came without its token, or the page was loaded again. */
  incomplete: string
  working: string
  /** The link is wrong, used, expired or void: the service does not say which. */
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
  /** Where the service's own sentence, which is English, does not serve. */
  passwordTooShort?: (minLength: number) => string
  openApp: (brand: string) => string
  consents: string
  required: string
  /** By problem code, or by the code of an error about the password. `other` stands in for the rest. */
  problems: Record<string, string>
}

export type Texts = { shared: SharedTexts; pages: Record<PageName, PageTexts> }
