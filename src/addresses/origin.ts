/** @throws Error naming the entry that browsers never send as an origin */
export function requireOrigin(text: string): void {
  if (!isOrigin(text))
    throw new Error(`"${text}" is not an origin: it must read like https://app.example.com, without a path`)
}

/**
 * Whether the text is an origin as browsers serialise it: a scheme and an authority, lower-case, without a default port
 * or a slash.
 */
function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/.test(text)) return false
  // Browsers send origins of other schemes (capacitor://localhost) unchanged, although URL calls them opaque.
  return !/^https?:/.test(text) || (URL.canParse(text) && new URL(text).origin === text)
}
