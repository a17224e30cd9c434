/** Administrators: from this privilege level on, sessions are shorter, and stale rights and one factor are not enough. */
export const administratorLevel = 90
