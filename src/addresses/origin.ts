/** @throws Error naming an entry that no browser would ever send as an origin */
export function requireOrigin(text: string): void {
  if (!isOrigin(text))
    throw new Error(`"${text}" is not an origin: it must read like https://app.example.com, without a path`)
}

/** Whether a browser serialises an origin so: a scheme and an authority, lower-case, without a default port or a slash. */
function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/.test(text)) return false
  // Origins of other schemes (capacitor://localhost) are sent as they are, though URL calls them opaque.
  return !/^https?:/.test(text) || (URL.canParse(text) && new URL(text).origin === text)
}
