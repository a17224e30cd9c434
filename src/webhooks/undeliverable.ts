import { noAddress, UnreachableNameError } from './look-up.ts'

/** An attempt without an answer; the message is visible to the endpoint's owner. */
export class UndeliverableError extends Error {
  override readonly name = 'UndeliverableError'
}

/** Messages for the codes of failed connections. */
const reasons: Record<string, string> = {
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was closed before an answer came.',
  ERR_SOCKET_CLOSED: 'The connection was closed before an answer came.',
  ENOTFOUND: noAddress,
  DNS_ENOTFOUND: noAddress,
  DNS_ENODATA: noAddress,
  ETIMEDOUT: 'The connection could not be made.',
  HPE_HEADER_OVERFLOW: 'The answer has more headers than 16 KiB.',
}

/** The message for a failed connection. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnreachableNameError) return error.message
  const { code = '' } = error as { code?: string }
  if (/CERT|SSL|TLS|SELF_SIGNED|ALTNAME|ISSUER/.test(code)) return `The certificate is not accepted (${code}).`
  const known = reasons[code] ?? (code.startsWith('DNS_') ? 'The name could not be looked up.' : undefined)
  if (known !== undefined) return known
  return code.startsWith('HPE_') ? `The answer is no HTTP (${code}).` : `The request failed${code && ` (${code})`}.`
}
