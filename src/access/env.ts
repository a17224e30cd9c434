import type { AppError } from '../errors/app-error.ts'
import type { Bindings, PublicEnv } from '../http/request.ts'
import type { ApiKey, Principal } from './principal.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The authenticated principal. */
    principal?: Principal
    /** The API key of the request, where its bearer is one. */
    apiKey?: ApiKey
    /** The error that guarded routes answer when there is no principal. */
    refused?: AppError
  }
}

/** Behind `authenticate` there is a principal. */
export type AuthedEnv = { Bindings: Bindings; Variables: PublicEnv['Variables'] & { principal: Principal } }
