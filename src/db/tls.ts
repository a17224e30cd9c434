import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * The encryption of connections. With `ca`, the server's certificate is verified in full, against these certificates
 * (PEM) alone.
 */
export type Tls = 'disable' | 'require' | 'verify-full' | { ca: string[] }

const certificates = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/**
 * Reads certificates of authorities, given as PEM or as `file:PATH` of a bundle. In a variable of one line, `\n` stands
 * for a line break.
 * @throws Error with the fault
 */
export function readAuthorities(text: string): string[] {
  const pem = text.startsWith('file:') ? readBundle(text.slice('file:'.length)) : text.replaceAll('\\n', '\n')
  const found = pem.match(certificates) ?? []
  if (found.length === 0) throw new Error('must hold certificates as PEM, or be file:PATH of a bundle of them')
  for (const [index, certificate] of found.entries())
    if (!isAuthority(certificate)) throw new Error(`must hold certificates of authorities; number ${index + 1} is none`)
  return found
}

function isAuthority(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).ca
  } catch {
    return false
  }
}

function readBundle(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Error(`must name a file that can be read (${code})`)
  }
}
