export const version = { version: '0.1.0', commit: 'source' }
