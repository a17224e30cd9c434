/** Who the mails of tests come from. */
export const from = { name: 'MANAS360', address: 'no-reply@manas360.test' }
