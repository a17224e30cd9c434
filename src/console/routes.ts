import { type Context, Hono } from 'hono'
import { AppError } from '../errors/app-error.ts'
import { etagOf, isKnown } from '../http/etag.ts'
import { noBody } from '../http/input/validate.ts'
import { pagePolicy } from '../http/page-policy.ts'
import type { PublicEnv } from '../http/request.ts'
import { preferredLanguage } from '../text/language.ts'

// No inline script or style, nothing from other hosts, and no text that becomes HTML: the console creates its elements
// one by one, so that Trusted Types need no policy. `data:` is the QR code of an authenticator app. Styles are set
// through the CSSOM, to which style-src does not apply.
const policy = pagePolicy("'self' data:")

/**
 * The operators' console: a page that is the same for everybody, and its files. All its data comes from the documented
 * routes, with the rights of the signed-in person. Every URL below `/console` answers the page, whose script shows the
 * right part.
 */
export const consoleRoutes = new Hono<PublicEnv>()
  .get('/console', noBody, serveShell)
  // As people type it. Relative, because a proxy may serve the console below a path of its own.
  .get('/console/', noBody, (c) => c.redirect('../console', 308))
  .get('/console/:page', noBody, serveShell)
  // One route for assets too: Hono's RegExpRouter does not allow a static segment beside a parameter with more segments
  // behind it.
  .get('/console/:page/:name', noBody, (c) =>
    c.req.param('page') === 'assets' ? serveAsset(c, c.req.param('name')) : serveShell(c),
  )

async function serveShell(c: Context<PublicEnv>): Promise<Response> {
  // Loaded when the console is opened: start-up and memory of other servers do not pay for it.
  const [{ renderShell }, { bundle }] = await Promise.all([import('./shell.tsx'), import('./assets.ts')])
  const { script, style } = await bundle()
  const depth = c.req.path.split('/').length - 2
  const html = renderShell({
    language: preferredLanguage(c.req.header('Accept-Language')),
    brandName: c.get('deps').config.brand.name,
    toConsole: depth === 0 ? './' : '../'.repeat(depth),
    script,
    style,
  })
  return answer(c, html, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
    Vary: 'Accept-Language',
  })
}

/**
 * @throws AppError `not-found` for an unknown name, such as one of another version of the program during a deployment;
 *   the page then reloads itself
 */
async function serveAsset(c: Context<PublicEnv>, file: string): Promise<Response> {
  if (file === 'icon.svg') {
    const { icon } = await import('./shell.tsx')
    return answer(c, icon, { 'Content-Type': 'image/svg+xml', 'Cache-Control': 'public, max-age=86400' })
  }
  const { findAsset } = await import('./assets.ts')
  const asset = await findAsset(file, c.req.header('Accept-Encoding'))
  if (!asset) throw new AppError('not-found')
  return answer(c, asset.bytes, {
    'Content-Type': asset.type,
    ...(asset.coding !== 'identity' && { 'Content-Encoding': asset.coding }),
    'Cache-Control': 'public, max-age=31536000, immutable',
    Vary: 'Accept-Encoding',
  })
}

/** Answers with an ETag of the bytes; 304 where the request has it. */
function answer(c: Context<PublicEnv>, body: string | Uint8Array, headers: Record<string, string>): Response {
  const etag = etagOf(body)
  const { 'Content-Type': _type, 'Content-Encoding': _coding, ...kept } = headers
  if (isKnown(c, etag)) return new Response(null, { status: 304, headers: { ...kept, ETag: etag } })
  return new Response(body as Uint8Array<ArrayBuffer>, { headers: { ...headers, ETag: etag } })
}
