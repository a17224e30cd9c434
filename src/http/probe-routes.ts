/** What machines ask every few seconds: never limited, and logged at debug. */
export const probeRoutes: ReadonlySet<string> = new Set(['/live', '/ready', '/health', '/metrics'])
