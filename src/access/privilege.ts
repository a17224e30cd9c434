/**
 * From this privilege level on, an account counts as an administrator's: its sessions are shorter, and stale rights or
 * a single factor are not enough.
 */
export const administratorLevel = 90
