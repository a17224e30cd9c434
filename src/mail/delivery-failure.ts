/**
 * Why a mail was not delivered, and so what is done about it:
 * - `recipient`: the mailbox is refused for good; the address is marked
 * - `refused`: this mail is refused for good, which tells nothing of the address
 * - `later`: this mail is to be tried again
 * - `server`: nobody could be asked; all mails are tried again
 * - `configuration`: the same, and only an operator can mend it
 */
export type FailureKind = 'recipient' | 'refused' | 'later' | 'server' | 'configuration'

/** `text` names no person and holds no link. */
export type DeliveryFailure = { kind: FailureKind; text: string }

/** What nodemailer throws; its names are minified in the compiled program, its codes are not. */
type SmtpError = { code?: string; responseCode?: number; command?: string; response?: string; message?: string }

/** RFC 5321 4.2.3 and RFC 5248: no such mailbox, not local, name not allowed. */
const mailboxRefusals = new Set([550, 551, 553])
/** RFC 4954 6: what is missing is our own authentication. */
const authenticationDemands = new Set([530, 534, 535, 538])
/** RFC 3463 3.8, X.7.X: refused by policy (relaying, SPF, reputation), whoever the recipient is. */
const policyRefusal = /^5\d\d[ -]5\.7\.\d/

/** Judges whatever a transport threw. */
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
  // Without an answer the server was not asked: the address is one that this program cannot put into an envelope.
  if (responseCode === 0) return code === 'EENVELOPE' ? 'refused' : 'server'
  if (!isPermanent) return 'later'
  return mailboxRefusals.has(responseCode) && !policyRefusal.test(response) ? 'recipient' : 'refused'
}

const mostCharacters = 300

/** Servers repeat addresses, and some what was sent. */
function withoutPeople(text: string): string {
  return text
    .replace(/\S*[@<>]\S*/g, '…')
    .replace(/\bhttps?:\S*/gi, '…')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, mostCharacters)
}
