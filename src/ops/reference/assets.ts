import stylePath from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import bundlePath from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }

/** What a page answers: a body that is read when it is sent, and its headers. */
export type ReferenceAsset = { body: Blob | string; headers: Record<string, string> }

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

// validatorUrl null: the default sends the document's address to a foreign host.
const init = `'use strict'
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  validatorUrl: null,
})
`

// React sets styles through the CSSOM, which style-src does not judge; nothing inline is needed.
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

const assets: Record<string, { type: string; body: () => Blob | string }> = {
  '/docs': { type: 'text/html; charset=utf-8', body: () => html },
  '/docs/init.js': { type: 'text/javascript; charset=utf-8', body: () => init },
  '/docs/swagger-ui-bundle.js': { type: 'text/javascript; charset=utf-8', body: () => Bun.file(bundlePath) },
  '/docs/swagger-ui.css': { type: 'text/css; charset=utf-8', body: () => Bun.file(stylePath) },
}

/** The API's reference page and what it loads, all from this server; nothing is read before it is asked for. */
export function referenceAsset(path: string): ReferenceAsset | undefined {
  const asset = Object.hasOwn(assets, path) ? assets[path] : undefined
  if (!asset) return undefined
  return {
    body: asset.body(),
    headers: {
      'Content-Type': asset.type,
      'Content-Security-Policy': policy,
      // Its names carry no version, so a browser asks again after an upgrade.
      'Cache-Control': 'private, max-age=300',
    },
  }
}
