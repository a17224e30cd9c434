import { useStore } from '../store.ts'
import { type Language, language } from './language.ts'

/** Formats of numbers, money and times in the chosen language. */
export type Format = ReturnType<typeof formatIn>

const made = new Map<Language, Format>()

/** The formats in the chosen language. */
export function useFormat(): Format {
  const chosen = useStore(language)
  const known = made.get(chosen) ?? formatIn(chosen)
  made.set(chosen, known)
  return known
}

function formatIn(chosen: Language) {
  // Indian grouping in both languages. Hindi with Latin digits, as is usual on screens.
  const locale = chosen === 'hi' ? 'hi-IN-u-nu-latn' : 'en-IN'
  const number = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
  const shortDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' })
  const localDay = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  return {
    number: (value: number) => number.format(value),
    percent: (share: number) => percent.format(share),
    /** A UTC day, `2026-11-29`. */
    day: (iso: string) => day.format(new Date(iso)),
    shortDay: (epochSeconds: number) => shortDay.format(epochSeconds * 1000),
    time: (iso: string) => time.format(new Date(iso)),
    /** With seconds, in this computer's time zone, as are the next two. */
    moment: (iso: string) => moment.format(new Date(iso)),
    clock: (iso: string) => clock.format(new Date(iso)),
    localDay: (iso: string) => localDay.format(new Date(iso)),
    /** Amounts in the minor unit of their currency. */
    money(amountMinor: number, currency: string) {
      const format = new Intl.NumberFormat(locale, { style: 'currency', currency })
      return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
    },
    ago(iso: string) {
      const seconds = Math.round((Date.parse(iso) - Date.now()) / 1000)
      for (const [unit, size] of steps)
        if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
      return relative.format(seconds, 'second')
    },
    duration(ms: number) {
      if (ms < 1_000) return `${number.format(Math.round(ms))} ms`
      if (ms < 120_000) return `${number.format(Math.round(ms / 100) / 10)} s`
      return ms < 7_200_000
        ? `${number.format(Math.round(ms / 60_000))} min`
        : `${number.format(Math.round(ms / 3_600_000))} h`
    },
  }
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
