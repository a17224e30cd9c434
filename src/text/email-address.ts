import { domainToASCII, domainToUnicode } from 'node:url'

/** Forbidden characters: controls, spaces and default-ignorable ones, also U+200C and U+200D. */
const unseen = /[\p{C}\p{Z}\p{DI}]/u
/** RFC 5321 4.1.2 Dot-string with the letters of RFC 6531; quoted local parts are refused. */
const localPart = /^[^"(),.:;<>@[\\\]]+(?:\.[^"(),.:;<>@[\\\]]+)*$/u
/** Letters, marks, digits and inner hyphens (RFC 1035 2.3.1, RFC 5890 2.3.2.1), 1–63 of them. */
const label = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u

/**
 * The canonical form of an e-mail address: equal results are one account, one lockout counter, one recipient. Trimmed,
 * NFKC, lower-case; the domain as IDNA (UTS 46, non-transitional) maps it, in U-labels: `xn--bcher-kva.example` and
 * `BÜCHER.example` are `bücher.example`. `straße.example` and `strasse.example` are two domains, as in DNS. The caller
 * must bound the text.
 */
export function canonicalEmail(text: string): string {
  const folded = fold(text)
  const at = folded.lastIndexOf('@') + 1
  return at === 0 ? folded : folded.slice(0, at) + canonicalDomain(folded.slice(at))
}

/** A shortened address, enough to distinguish it from others of the same person: `a…@example.com`. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@')
  return at < 1 ? '…' : `${[...email][0]}…${email.slice(at)}`
}

/** Whether a canonical address is valid. */
export function isEmail(canonical: string): boolean {
  const at = canonical.lastIndexOf('@')
  const local = canonical.slice(0, at)
  if (at < 1 || unseen.test(canonical) || !localPart.test(local) || Buffer.byteLength(local) > 64) return false
  const domain = canonical.slice(at + 1)
  const labels = domain.split('.')
  const top = labels.at(-1) ?? ''
  if (labels.length < 2 || top.length < 2 || /^\d+$/.test(top)) return false
  return labels.every((part) => label.test(part)) && isEncodable(domain)
}

function fold(text: string): string {
  return text.trim().normalize('NFKC').toLowerCase().normalize('NFKC').trim()
}

/**
 * An invalid domain is returned unchanged, to be refused: the mapping would decode escapes and read numbers as addresses.
 */
function canonicalDomain(domain: string): string {
  if (unseen.test(domain) || !domain.split('.').every((part) => label.test(part))) return domain
  return fold(domainToUnicode(domainToASCII(domain))) || domain
}

/** Whether the name fits DNS: IDNA maps it, to at most 253 octets (RFC 1035 2.3.4), and back. */
function isEncodable(domain: string): boolean {
  const ascii = domainToASCII(domain)
  return ascii !== '' && ascii.length <= 253 && canonicalDomain(ascii) === domain
}
