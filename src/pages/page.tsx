import type { Brand } from '../brand/brand.ts'
import { type Language, languages } from '../text/language.ts'
import { type ConsentDocument, Fields } from './fields.tsx'
import type { PageName } from './page-names.ts'
import type { PageTexts, SharedTexts, Texts } from './texts.ts'
import { english } from './texts-en.ts'
import { hindi } from './texts-hi.ts'

type PageOptions = {
  name: PageName
  language: Language
  brand: Brand
  passwordMinLength: number
  consentDocuments: readonly ConsentDocument[]
  /** With MAIL=off the link of an undo leads to the page for a new password. */
  mailIsOn: boolean
  /** The URL of the app, to which the page links; null where none is configured. */
  appUrl: string | null
  /** Names of the script and the stylesheet under `/account/assets/`. */
  assets: { script: string; style: string }
}

const texts: Record<Language, Texts> = { en: english, hi: hindi }
const ownNames: Record<Language, string> = { en: 'English', hi: 'हिन्दी' }

/**
 * One hosted page. Its links are relative, so that it works behind any PUBLIC_URL. It holds no token: the script reads
 * that from the URL and posts it when the button is pressed.
 */
export function renderPage(options: PageOptions): string {
  return `<!doctype html>${(<Page {...options} />).toString()}`
}

function Page(options: PageOptions) {
  const { name, language, brand, appUrl, mailIsOn, assets } = options
  const { shared, pages } = texts[language]
  const page = pages[name]
  // The script adds the token of the used link, by which a new password can be set, also when the page is opened again.
  const leadsOn = name === 'undo-email' && !mailIsOn
  return (
    <html lang={language} dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${page.title} – ${brand.name}`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={`assets/${assets.style}`} />
        <script type="module" src={`assets/${assets.script}`} />
      </head>
      <body data-page={name}>
        <header>
          <p class="logo">{brand.logoText}</p>
          <Languages chosen={language} label={shared.languages} />
        </header>
        <main>
          <h1 id="title" tabindex={-1}>
            {page.title}
          </h1>
          <p id="text">{page.intro}</p>
          <noscript>
            <p class="problem">{shared.needsScript}</p>
          </noscript>
          <p id="problem" class="problem" role="alert" tabindex={-1} hidden={true} />
          <form id="form" method="post" novalidate={true} hidden={true}>
            <Fields {...options} shared={shared} />
            <p>
              <button type="submit">{page.button}</button>
            </p>
          </form>
          <p id="status" role="status" />
          {leadsOn && (
            <p id="next" hidden={true}>
              <a href="reset-password">{pages['reset-password'].title}</a>
            </p>
          )}
          {appUrl !== null && (
            <p id="onward" hidden={true}>
              <a href={appUrl}>{shared.openApp(brand.name)}</a>
            </p>
          )}
        </main>
        <footer>
          <Help support={brand.support} label={shared.help} />
        </footer>
        <Messages shared={shared} page={page} options={options} />
      </body>
    </html>
  )
}

function Languages({ chosen, label }: { chosen: Language; label: string }) {
  return (
    <nav aria-label={label}>
      {languages
        .filter((language) => language !== chosen)
        .map((language) => (
          <a href={`?language=${language}`} lang={language} hreflang={language} data-language={language}>
            {ownNames[language]}
          </a>
        ))}
    </nav>
  )
}

function Help({ support, label }: { support: string | null; label: string }) {
  if (support === null) return null
  return (
    <p>
      {label} <a href={support.startsWith('https:') ? support : `mailto:${support}`}>{support}</a>
    </p>
  )
}

/** The messages of the script, hidden until they are needed. */
function Messages({ shared, page, options }: { shared: SharedTexts; page: PageTexts; options: PageOptions }) {
  const { passwordMinLength: minLength, mailIsOn } = options
  const messages: Record<string, string> = {
    ...shared.problems,
    ...(shared.passwordTooShort && { 'too-short': shared.passwordTooShort(minLength) }),
    incomplete: shared.incomplete,
    working: shared.working,
    show: shared.show,
    hide: shared.hide,
    'done-title': page.done.title,
    'done-text': mailIsOn ? page.done.text : (page.doneWithoutMail ?? page.done.text),
    'refused-title': shared.refusedTitle,
    'refused-text': `${shared.refused} ${page.refused}`,
  }
  return (
    <template id="messages">
      {Object.entries(messages).map(([code, text]) => (
        <p data-code={code}>{text}</p>
      ))}
    </template>
  )
}
