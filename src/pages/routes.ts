import { type Context, Hono } from 'hono'
import { AppError } from '../errors/app-error.ts'
import { noBody } from '../http/input/validate.ts'
import { pagePolicy } from '../http/page-policy.ts'
import type { PublicEnv } from '../http/request.ts'
import { languages, preferredLanguage } from '../text/language.ts'
import type { PageName } from './page-names.ts'

// The script sets no style and loads nothing but its own service's answers. `data:` is the empty icon.
const policy = pagePolicy('data:')

/**
 * The pages that links of mails lead to. They change nothing and know no token: a link scanner may open them as often as it
 * likes. What programs append to links is ignored, for a person follows them.
 */
export const pageRoutes = new Hono<PublicEnv>()
  .get('/account/verify-email', noBody, (c) => servePage(c, 'verify-email'))
  .get('/account/reset-password', noBody, (c) => servePage(c, 'reset-password'))
  .get('/account/confirm-email', noBody, (c) => servePage(c, 'confirm-email'))
  .get('/account/undo-email', noBody, (c) => servePage(c, 'undo-email'))
  .get('/account/accept-invitation', noBody, (c) => servePage(c, 'accept-invitation'))
  .get('/account/accept-team', noBody, (c) => servePage(c, 'accept-team'))
  .get('/account/assets/:file', noBody, (c) => serveAsset(c, c.req.param('file')))

async function servePage(c: Context<PublicEnv>, name: PageName): Promise<Response> {
  const { config, mail } = c.get('deps')
  const { brand, passwordMinLength, consentDocuments, appUrl, publicUrl } = config
  // Read when the first page is asked for: neither start-up nor a service without mail pays for them.
  const [{ renderPage }, { assetsFor }] = await Promise.all([import('./page.tsx'), import('./assets.ts')])
  const { script, style } = await assetsFor(brand)
  const language =
    languages.find((one) => one === c.req.query('language')) ?? preferredLanguage(c.req.header('Accept-Language'))
  const html = renderPage({
    name,
    language,
    brand,
    passwordMinLength,
    consentDocuments,
    mailIsOn: mail.isOn,
    appUrl: appUrl === publicUrl ? null : appUrl,
    assets: { script: script.name, style: style.name },
  })
  return new Response(html, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': language,
      'Content-Security-Policy': policy,
      'Cross-Origin-Opener-Policy': 'same-origin',
    },
  })
}

/**
 * @throws AppError `not-found` for a name that is none. One with another hash is of another version of the program, as while
 * two are deployed: it gets what this version has, which the browser does not keep.
 */
async function serveAsset(c: Context<PublicEnv>, file: string): Promise<Response> {
  const extension = /^account-[0-9a-f]{16}\.(js|css)$/.exec(file)?.[1]
  if (!extension) throw new AppError('not-found')
  const { assetsFor } = await import('./assets.ts')
  const { script, style } = await assetsFor(c.get('deps').config.brand)
  const { name, body, type } = extension === 'js' ? script : style
  return new Response(body, {
    headers: {
      'Content-Type': type,
      'Cache-Control': file === name ? 'public, max-age=31536000, immutable' : 'no-store',
    },
  })
}
