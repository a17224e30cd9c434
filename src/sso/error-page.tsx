import { createHash } from 'node:crypto'
import { type Brand, fillsOf, surfaces } from '../brand/brand.ts'
import type { Language } from '../text/language.ts'

type Texts = { title: string; text: string; help: string }

const texts: Record<Language, Texts> = {
  en: {
    title: 'This sign-in cannot be completed',
    text: 'It was not begun here, or this page was opened on its own. Go back to the app, and sign in again. You can close this window.',
    help: 'Help:',
  },
  hi: {
    title: 'यह साइन इन पूरा नहीं हो सका',
    text: 'यह यहाँ से शुरू नहीं हुआ था, या यह पेज अलग से खोला गया। ऐप पर वापस जाकर फिर से साइन इन करें। आप इस विंडो को बंद कर सकते हैं।',
    help: 'मदद:',
  },
}

/**
 * The page for a return from a provider whose `state` is unknown. It has no link, because the app that began is unknown.
 * @returns the page, and the Content-Security-Policy that allows its style
 */
export function renderErrorPage(language: Language, brand: Brand): { html: string; policy: string } {
  const style = styleOf(brand)
  const { title, text, help } = texts[language]
  const page = (
    <html lang={language} dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} – ${brand.name}`}</title>
        <link rel="icon" href="data:," />
        {/* Safe: the only value in it is the brand's colour, six hexadecimal digits. */}
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <header>{brand.logoText}</header>
        <main>
          <h1>{title}</h1>
          <p>{text}</p>
          {brand.support !== null && (
            <p>
              {help}{' '}
              <a href={brand.support.startsWith('https:') ? brand.support : `mailto:${brand.support}`}>
                {brand.support}
              </a>
            </p>
          )}
        </main>
      </body>
    </html>
  )
  const hash = createHash('sha256').update(style).digest('base64')
  return {
    html: `<!doctype html>${page.toString()}`,
    policy: `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function styleOf({ color }: Brand): string {
  const { light, dark } = fillsOf(color)
  return `:root{color-scheme:light dark;font:1rem/1.6 system-ui,sans-serif}body{margin:0;background:${surfaces.light};color:#1b1d21}
header{padding:1rem;background:${light.fill};color:${light.text};font-weight:600}main{max-width:36rem;margin:2rem auto;padding:0 1rem}h1{line-height:1.25}
@media (prefers-color-scheme:dark){body{background:${surfaces.dark};color:#f1f2f4}header{background:${dark.fill};color:${dark.text}}a{color:inherit}}`
}
