import { isIP } from 'node:net'
import { deviceName } from '../../text/device-name.ts'
import type { Language } from '../../text/language.ts'
import { displayName } from './display.ts'
import type { LetterContext, LetterTexts } from './letter.ts'
import type { NoticeData, NoticeEvent, NoticeKind } from './notice-data.ts'

/** The texts of one kind of notice in one language. */
type NoticeText<K extends NoticeKind> = {
  subject: string
  /** The subject of a notice of several events. */
  severally: (count: number) => string
  opening: string
  /** The text of one event behind its time; empty where the time is enough. */
  event: (event: NoticeEvent<K>, context: LetterContext) => string
  /** Advice for a recipient who did it, where some is needed. */
  advice?: string
  notYou: string
}
export type NoticeTexts<K extends NoticeKind> = Record<Language, NoticeText<K>>

const why = {
  en: (name: string) =>
    `You get this mail because it concerns your account at ${name} and its safety. Such mails cannot be switched off.`,
  hi: (name: string) =>
    `आपको यह ईमेल इसलिए मिला है क्योंकि यह ${name} पर आपके खाते और उसकी सुरक्षा से जुड़ा है। ऐसे ईमेल बंद नहीं किए जा सकते।`,
}
const andMore = {
  en: (count: number) => `and ${count} more`,
  hi: (count: number) => `और ${count} बार`,
}

/** The letter of a notice: every event with its time, oldest first. */
export function noticeLetter<K extends NoticeKind>(texts: NoticeTexts<K>): LetterTexts<NoticeData<K>> {
  const letterIn = (language: Language) => {
    const text = texts[language]
    return ({ events, more = 0 }: NoticeData<K>, context: LetterContext) => {
      const count = events.length + more
      return {
        subject: count === 1 ? text.subject : text.severally(count),
        paragraphs: [text.opening, ...(text.advice ? [text.advice] : [])],
        facts: [
          ...events.map((event) => [context.time(event.at), text.event(event, context)].filter(Boolean).join(': ')),
          ...(more > 0 ? [andMore[language](more)] : []),
        ],
        why: why[language](context.brand.name),
        notYou: text.notYou,
      }
    }
  }
  return { en: letterIn('en'), hi: letterIn('hi') }
}

const displayAddress = (ip: string) => (isIP(ip) ? ip : displayName(ip))

type From = { userAgent?: string | null; ip: string | null }

/** The origin of a request: the known part of the device, and its address. */
export const displayOrigin: Record<Language, (from: From) => string> = {
  en({ userAgent, ip }) {
    const { browser, system } = deviceName(userAgent ?? null)
    const device = [browser, system].filter(Boolean).join(' on ') || (userAgent === undefined ? '' : 'unknown device')
    return [device, ip && `IP address ${displayAddress(ip)}`].filter(Boolean).join(', ')
  },
  hi({ userAgent, ip }) {
    const { browser, system } = deviceName(userAgent ?? null)
    const device = [system, browser].filter(Boolean).join(' पर ') || (userAgent === undefined ? '' : 'अज्ञात डिवाइस')
    return [device, ip && `IP पता ${displayAddress(ip)}`].filter(Boolean).join(', ')
  },
}
