/** Routes that monitoring polls every few seconds: never limited, and logged at debug. */
export const probeRoutes: ReadonlySet<string> = new Set(['/live', '/ready', '/health', '/metrics'])
