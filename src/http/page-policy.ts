/**
 * The Content-Security-Policy of a page with scripts: scripts, styles and requests of this service alone, no frames,
 * and no text that becomes HTML.
 * @param images the sources of its images, such as `data:`
 */
export function pagePolicy(images: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src ${images}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}
