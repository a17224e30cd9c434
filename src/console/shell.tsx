import type { Language } from '../text/language.ts'

type ShellOptions = {
  /** The language of the text before the script runs, which then uses the chosen one. */
  language: Language
  brandName: string
  /** The path from the page to `/console`: `./` or `../…`, because the service may be served below a path. */
  toConsole: string
  script: string
  style: string
}

const words: Record<Language, { opening: string; needsScript: string }> = {
  en: {
    opening: 'Opening the console …',
    needsScript: 'The console needs JavaScript. Turn it on and load the page again.',
  },
  hi: { opening: 'कंसोल खुल रहा है …', needsScript: 'कंसोल के लिए जावास्क्रिप्ट ज़रूरी है। उसे चालू करके पेज फिर से खोलें।' },
}

/** The page of every URL of the console. It holds no data. */
export function renderShell({ language, brandName, toConsole, script, style }: ShellOptions): string {
  const { opening, needsScript } = words[language]
  const page = (
    <html lang={language} dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <meta name="application-name" content={brandName} />
        <title>{brandName}</title>
        <link rel="icon" href={`${toConsole}console/assets/icon.svg`} type="image/svg+xml" />
        <link rel="stylesheet" href={`${toConsole}console/assets/${style}`} />
        <script type="module" src={`${toConsole}console/assets/${script}`} />
      </head>
      <body>
        <div id="console">
          <main>
            <h1>{brandName}</h1>
            <p>{opening}</p>
            <noscript>{needsScript}</noscript>
          </main>
        </div>
      </body>
    </html>
  )
  return `<!doctype html>${page.toString()}`
}

/** The icon of the browser's tab. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5f5b"/><path d="M7 23V9h3l6 8 6-8h3v14h-4v-7l-5 6.500-5-6.500v7z" fill="#fff"/></svg>`
