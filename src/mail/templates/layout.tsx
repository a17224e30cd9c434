import { type Brand, type Fill, fillsOf, surfaces } from '../../brand/brand.ts'
import type { Language } from '../../text/language.ts'
import { helpLine } from './help-line.ts'
import type { Letter } from './letter.ts'

type Props = { letter: Letter; brand: Brand; language: Language; link: string | null }

const font =
  "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans Devanagari', sans-serif"
const text = 'margin: 0 0 16px; font-size: 16px; line-height: 1.5'
const small = 'margin: 0 0 8px; font-size: 14px; line-height: 1.5'
/** Long words, such as addresses, break instead of widening the page. */
const breaking = 'overflow-wrap: anywhere; word-break: break-word'

/**
 * Without characters that HTML escapes, because the element's text is escaped. Mail programs that drop it show the
 * light colours.
 */
const darkStyle = ({ fill, text: label }: Fill) => `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background-color: ${surfaces.dark} !important; color: #e8e8ea !important; }
  .quiet { color: #b3b6bc !important; }
  .line { border-color: #3a3d44 !important; }
  .button { background-color: ${fill} !important; color: ${label} !important; border-color: ${fill} !important; }
}`

/** A mail's HTML: one column that fits 320 px, no images, nothing loaded from elsewhere. */
export function htmlMail(props: Props): string {
  return `<!doctype html>${(<Layout {...props} />).toString()}`
}

function Layout({ letter, brand, language, link }: Props) {
  const { light, dark } = fillsOf(brand.color)
  const help = helpLine(brand, language)
  return (
    <html lang={language} dir="ltr">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <meta name="format-detection" content="telephone=no, date=no, address=no, email=no" />
        <title>{letter.subject}</title>
        <style>{darkStyle(dark)}</style>
      </head>
      <body class="page" style={`margin: 0; padding: 0; background-color: ${surfaces.light}; color: #1b1d21`}>
        <table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border={0}>
          <tr>
            <td align="center" style="padding: 24px 16px">
              <table
                role="presentation"
                width="100%"
                cellpadding="0"
                cellspacing="0"
                border={0}
                style="max-width: 560px"
              >
                <tr>
                  <td align="left" style={`${font}; ${breaking}; text-align: left`}>
                    <Logo brand={brand} fill={light} />
                    <h1 style="margin: 24px 0 16px; font-size: 22px; line-height: 1.3">{letter.subject}</h1>
                    {letter.paragraphs.map((paragraph) => (
                      <p style={text}>{paragraph}</p>
                    ))}
                    <Facts facts={letter.facts ?? []} />
                    {letter.action && link !== null && <Action {...letter.action} link={link} fill={light} />}
                    <div class="line" style="border-top: 1px solid #d6d8dc; padding-top: 16px; margin-top: 24px">
                      <p style={`${small}; font-weight: 600`}>{letter.notYou}</p>
                      <p class="quiet" style={`${small}; color: #565a61`}>
                        {letter.why}
                      </p>
                      {help && (
                        <p class="quiet" style={`${small}; color: #565a61`}>
                          {help}
                        </p>
                      )}
                    </div>
                  </td>
                </tr>
              </table>
            </td>
          </tr>
        </table>
      </body>
    </html>
  )
}

function Logo({ brand, fill }: { brand: Brand; fill: Fill }) {
  return (
    <p style="margin: 0">
      <span
        class="button"
        style={`display: inline-block; padding: 4px 10px; border-radius: 6px; background-color: ${fill.fill}; color: ${fill.text}; font-size: 16px; font-weight: 700`}
      >
        {brand.logoText}
      </span>
    </p>
  )
}

function Facts({ facts }: { facts: string[] }) {
  if (facts.length === 0) return null
  return (
    <ul style="margin: 0 0 16px; padding-left: 20px; font-size: 16px; line-height: 1.5">
      {facts.map((fact) => (
        <li style="margin: 0 0 4px">{fact}</li>
      ))}
    </ul>
  )
}

function Action({ label, validity, link, fill }: { label: string; validity: string; link: string; fill: Fill }) {
  return (
    <>
      <p style="margin: 24px 0 16px">
        <a
          class="button"
          href={link}
          target="_blank"
          rel="noreferrer"
          style={`display: inline-block; padding: 12px 20px; border: 1px solid ${fill.fill}; border-radius: 8px; background-color: ${fill.fill}; color: ${fill.text}; font-size: 16px; font-weight: 600; text-decoration: none`}
        >
          {label}
        </a>
      </p>
      <p class="quiet" style={`${small}; color: #565a61`}>
        {validity}
      </p>
    </>
  )
}
