import { type Context, Hono } from 'hono'
import { AppError } from '../errors/app-error.ts'
import { noBody } from '../http/input/validate.ts'
import { pagePolicy } from '../http/page-policy.ts'
import type { PublicEnv } from '../http/request.ts'
import { languages, preferredLanguage } from '../text/language.ts'
import type { PageName } from './page-names.ts'

// The script sets no style and requests nothing but its own service. `data:` is the empty icon.
const policy = pagePolicy('data:')

/**
 * The pages of links in mails. They change nothing and see no token, so link scanners may open them any number of
 * times. Parameters that programs append to links are ignored.
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
  // Loaded at the first page: start-up, and services without mail, need no memory for it.
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
 * @throws AppError `not-found` for an unknown name. A name with another hash is of another version of the program,
 *   during a deployment: the answer is this version's file, not cached
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
