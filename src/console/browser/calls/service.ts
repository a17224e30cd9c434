/**
 * The base URL of the service: this file is served from `…/console/assets/`, also where the service is served below a
 * path.
 */
export const service = new URL('../../', import.meta.url).href.replace(/\/$/, '')

/** The path of the console itself, e.g. `/console`. */
export const consolePath = `${new URL(service).pathname.replace(/\/$/, '')}/console`
