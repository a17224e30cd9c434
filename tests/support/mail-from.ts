/** The sender of mails in tests. */
export const from = { name: 'MANAS360', address: 'no-reply@manas360.test' }
