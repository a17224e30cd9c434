/** How mails and hosted pages present the service: the BRAND_ variables of .env.example. */
export type Brand = {
  name: string
  /** The name at the top of mails and pages. */
  logoText: string
  /** `#rrggbb`. */
  color: string
  /** The contact for help: an e-mail address or an https URL. */
  support: string | null
}

/** A coloured surface and the text on it, both `#rrggbb`. */
export type Fill = { fill: string; text: string }

/** The background colours of pages and mails. */
export const surfaces = { light: '#ffffff', dark: '#1b1d21' } as const

/** The contrast that text and parts of controls need at least (WCAG 2.2, 1.4.3 and 1.4.11). */
const minContrast = 3
const black = '#000000'
const white = '#ffffff'

/**
 * The brand's colour in either colour scheme: darkened or lightened until its contrast with the background is enough,
 * with black or white text, whichever is more legible. So any colour works, and none needs a second variable.
 */
export function fillsOf(color: string): { light: Fill; dark: Fill } {
  const shade = (surface: string, towards: string): Fill => {
    for (let share = 0; ; share += 0.05) {
      const fill = mix(color, towards, Math.min(share, 1))
      if (contrast(fill, surface) >= minContrast || share >= 1) return { fill, text: legibleOn(fill) }
    }
  }
  return { light: shade(surfaces.light, black), dark: shade(surfaces.dark, white) }
}

function legibleOn(fill: string): string {
  return contrast(fill, white) >= contrast(fill, black) ? white : black
}

/** The contrast ratio of two colours (WCAG 2.2, "contrast ratio"): 1 to 21. */
export function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function mix(color: string, other: string, share: number): string {
  const others = channels(other)
  const mixed = channels(color).map((value, i) => Math.round(value + ((others[i] ?? 0) - value) * share))
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

function channels(color: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16))
}
