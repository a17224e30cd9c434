import { createClient } from '@manas360/client'
import { accessToken } from '../session/session.ts'
import { timed } from './fetch.ts'
import { service } from './service.ts'

/** Every route of the contract, typed, as whoever is signed in. Calls go through `ask`. */
export const client = createClient(service, { accessToken, fetch: timed })
