import { createClient } from '@manas360/client'
import { accessToken } from '../session/session.ts'
import { timed } from './fetch.ts'
import { service } from './service.ts'

/** The typed client with the session's access token. Calls go through `callApi`. */
export const client = createClient(service, { accessToken, fetch: timed })
