/**
 * Why a mail was not delivered, which decides what happens next:
 * - `recipient`: permanent refusal of the mailbox; the address is marked
 * - `refused`: permanent refusal of this mail, not of the address
 * - `later`: this mail is retried
 * - `server`: the server cannot be reached; all mails are retried
 * - `configuration`: the same, until an operator corrects the settings
 */
export type FailureKind = 'recipient' | 'refused' | 'later' | 'server' | 'configuration'

/** `text` contains no personal data and no link. */
export type DeliveryFailure = { kind: FailureKind; text: string }

/** An error of nodemailer. Its `code` is reliable; class names are minified in the compiled program. */
type SmtpError = { code?: string; responseCode?: number; command?: string; response?: string; message?: string }

/** RFC 5321 4.2.3 and RFC 5248: no such mailbox, not local, name not allowed. */
const mailboxRefusals = new Set([550, 551, 553])
/** RFC 4954 6: codes for missing or failed authentication of this program. */
const authenticationDemands = new Set([530, 534, 535, 538])
/** RFC 3463 3.8, X.7.X: refused by policy (relaying, SPF, reputation), for every recipient. */
const policyRefusal = /^5\d\d[ -]5\.7\.\d/

/** Classifies an error of a transport. */
export function classifyFailure(error: unknown): DeliveryFailure {
  const { code = '', responseCode = 0, command = '', response = '', message = '' }: SmtpError = Object(error)
  const kind = kindOf({ code, responseCode, command, response, message })
  const said = [code, command, response || message].filter(Boolean).join(' ')
  return { kind, text: withoutPeople(said) }
}

function kindOf({ code, responseCode, command, response, message }: Required<SmtpError>): FailureKind {
  const isPermanent = responseCode >= 500 && responseCode <= 599
  if (code === 'EAUTH' || code === 'ENOAUTH' || code === 'ETLS' || code === 'ECONFIG')
    return responseCode >= 400 && responseCode < 500 ? 'server' : 'configuration'
  if (code === 'ESOCKET' && /certificate|self.signed|altname|hostname/i.test(message)) return 'configuration'
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return 'server'
  if (responseCode === 421) return 'server'
  if (command === 'MAIL FROM') return isPermanent ? 'configuration' : 'server'
  if (authenticationDemands.has(responseCode)) return 'configuration'
  // Without an answer: the address does not fit an SMTP envelope, or the server was not reached.
  if (responseCode === 0) return code === 'EENVELOPE' ? 'refused' : 'server'
  if (!isPermanent) return 'later'
  return mailboxRefusals.has(responseCode) && !policyRefusal.test(response) ? 'recipient' : 'refused'
}

const maxCharacters = 300

/** Removes addresses and content, which servers repeat in their answers. */
function withoutPeople(text: string): string {
  return text
    .replace(/\S*[@<>]\S*/g, '…')
    .replace(/\bhttps?:\S*/gi, '…')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, maxCharacters)
}
