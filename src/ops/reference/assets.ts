import stylePath from './swagger-ui.css.gz' with { type: 'file' }
import bundlePath from './swagger-ui-bundle.js.gz' with { type: 'file' }

// Two files of swagger-ui-dist 5.35.0, made with `gzip -9 -n`. The package itself is no dependency, because installing it
// runs a script that reports the installation to a third party. tests/ops/reference.test.ts holds the files' hashes.

/** An answer: a body that is read when it is sent, and its headers. */
type ReferenceAsset = { body: Blob | string; headers: Record<string, string> }

const html = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>MANAS360: API reference</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="reference"></div>
  <noscript>This page needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/init.js"></script>
</body>
</html>
`

// validatorUrl null: the default would send the document's URL to another host.
const init = `'use strict'
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
})
`

// React sets styles through the CSSOM, to which style-src does not apply; nothing inline is needed.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const assets: Record<string, { type: string; gzip?: true; body: () => Blob | string }> = {
  '/docs': { type: 'text/html; charset=utf-8', body: () => html },
  '/docs/init.js': { type: 'text/javascript; charset=utf-8', body: () => init },
  '/docs/swagger-ui-bundle.js': {
    type: 'text/javascript; charset=utf-8',
    gzip: true,
    body: () => Bun.file(bundlePath),
  },
  '/docs/swagger-ui.css': { type: 'text/css; charset=utf-8', gzip: true, body: () => Bun.file(stylePath) },
}

/** The API's reference page and its files, all from this server and read on demand; undefined for an unknown path. */
export function referenceAsset(path: string): ReferenceAsset | undefined {
  const asset = Object.hasOwn(assets, path) ? assets[path] : undefined
  if (!asset) return undefined
  return {
    body: asset.body(),
    headers: {
      'Content-Type': asset.type,
      // All browsers accept gzip, and a request without the header accepts any coding (RFC 9110, 12.5.3).
      ...(asset.gzip && { 'Content-Encoding': 'gzip' }),
      'Content-Security-Policy': policy,
      // Its names have no version, so browsers must revalidate after an upgrade.
      'Cache-Control': 'private, max-age=300',
    },
  }
}
