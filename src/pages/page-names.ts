/** The pages of links in mails, each under `/account/`. */
export const pageNames = [
  'verify-email',
  'reset-password',
  'confirm-email',
  'undo-email',
  'accept-invitation',
  'accept-team',
] as const
export type PageName = (typeof pageNames)[number]
