/** The pages that links of mails lead to, each under `/account/`. */
export const pageNames = [
  'verify-email',
  'reset-password',
  'confirm-email',
  'undo-email',
  'accept-invitation',
  'accept-team',
] as const
export type PageName = (typeof pageNames)[number]
