import { z } from 'zod'
import { type ConfigOf, configuration } from '../config/room.ts'
import { isEmail } from '../text/email-address.ts'
import { isPlain, isVisible } from '../text/shown-text.ts'
import type { Brand } from './brand.ts'

/** The displayed name: short, in any script. */
export const brandName = z
  .string()
  .refine((text) => text.length <= 60, 'must have at most 60 characters')
  .refine(
    (text) => isPlain(text) && isVisible(text) && text === text.trim(),
    'must be visible text of one line, without spaces around it',
  )

/** Six hexadecimal digits. The # may be left out, because files of variables read what follows one as a comment. */
const color = z
  .string()
  .regex(/^#?[0-9a-f]{6}$/i, 'must be six hexadecimal digits such as 0f766e')
  .transform((text) => `#${text.slice(-6).toLowerCase()}`)

/** The contact for help. */
const support = z.string().refine((text) => text.length <= 254 && (isEmail(text) || isHttps(text)), {
  message: 'must be an e-mail address or an https URL',
})

const isHttps = (text: string) => /^https:\/\/\S+$/.test(text) && URL.canParse(text)

export type BrandConfig = ConfigOf<typeof brandConfiguration>

export const brandConfiguration = configuration({
  variables: {
    BRAND_NAME: brandName.default('MANAS360'),
    BRAND_LOGO_TEXT: brandName.optional(),
    BRAND_COLOR: color.prefault('0f766e'),
    BRAND_SUPPORT: support.optional(),
  },
  config: (e) => ({
    brand: Object.freeze<Brand>({
      name: e.BRAND_NAME,
      logoText: e.BRAND_LOGO_TEXT ?? e.BRAND_NAME,
      color: e.BRAND_COLOR,
      support: e.BRAND_SUPPORT ?? null,
    }),
  }),
})
