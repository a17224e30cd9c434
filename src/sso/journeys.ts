import type { Actor } from '../access/actor.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { Profile } from './claims.ts'
import { consumeState } from './code-queries.ts'
import { issueCode } from './codes.ts'
import type { SsoDeps } from './deps.ts'
import type { ErrorCode } from './outcomes.ts'
import type { Provider } from './provider.ts'
import { ProviderError, toProviderError } from './provider-error.ts'
import { findOwner } from './queries.ts'
import { beginJourney, type Journey, openState, type Purpose } from './state.ts'
import { evaluateProfile } from './verdict.ts'

/** The longest query of a callback that is read, in characters: providers' codes are long, and some add further parameters. */
const maxSearchLength = 8_192

type Begin = { providerId: string; returnTo: string; codeChallenge: string }

/**
 * Begins a sign-in.
 * @returns where to redirect: the provider's authorization URL, or `returnTo` with `#error=` where the provider cannot be reached
 * @throws AppError `not-found` for a provider that is not configured, `validation-failed` for another `returnTo`
 */
export async function beginSignIn(deps: SsoDeps, begin: Begin): Promise<string> {
  const provider = findProvider(deps, begin.providerId)
  requireReturnUrl(deps, begin.returnTo)
  try {
    return await authorizationUrl(deps, provider, begin, { kind: 'sign-in' })
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    return endWith(deps, provider, begin.returnTo, error)
  }
}

/**
 * Begins to add an identity to the person's own account.
 * @returns the provider's authorization URL
 * @throws AppError as beginSignIn; `identity-provider-unavailable`
 */
export async function beginLink(deps: SsoDeps, { principal }: Actor, begin: Begin): Promise<string> {
  const provider = findProvider(deps, begin.providerId)
  requireReturnUrl(deps, begin.returnTo)
  try {
    return await authorizationUrl(deps, provider, begin, { kind: 'link', accountId: principal.accountId })
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    deps.identityProviders.count(provider.id, error.code)
    throw new AppError('identity-provider-unavailable', { cause: error })
  }
}

function authorizationUrl(deps: SsoDeps, provider: Provider, begin: Begin, purpose: Purpose): Promise<string> {
  return provider.authorizationUrl(beginJourney(deps.secrets, { ...begin, purpose }, deps.now()))
}

/**
 * Handles the provider's callback (the redirection endpoint of RFC 6749 3.1.2). Writes to no account: only the app that has the PKCE
 * verifier can do that, by the exchange. No database connection is held while the provider is called.
 * @param search the query string as it came
 * @returns where to redirect: `returnTo` with a code or an error in its fragment
 * @throws AppError `unknown-state` where there is no valid state, so no `returnTo`; `not-found`
 */
export async function completeJourney(deps: SsoDeps, providerId: string, search: string): Promise<string> {
  const provider = findProvider(deps, providerId)
  const states = search.length > maxSearchLength ? [] : new URLSearchParams(search).getAll('state')
  const [state = ''] = states
  const journey = states.length === 1 ? openState(deps.secrets, state) : null
  if (!journey || !deps.config.returnUrls.includes(journey.returnTo)) throw new AppError('unknown-state')
  if (!(await consumeState(deps.sql, journey.id, journey.expiresAt)))
    return endWith(deps, provider, journey.returnTo, 'expired')
  let profile: Profile
  try {
    // Another provider's return with this one's state: a mix-up (RFC 9700 4.4).
    if (journey.providerId !== provider.id) throw new ProviderError('provider-error', 'mix_up')
    profile = await provider.redeem(search, { state, nonce: journey.nonce, pkceVerifier: journey.pkceVerifier })
  } catch (error) {
    return endWith(deps, provider, journey.returnTo, toProviderError(error))
  }
  const refusal = await refusalOf(deps, journey, profile)
  const code = refusal === null ? await issueCode(deps, journey, profile) : null
  if (code === null) return endWith(deps, provider, journey.returnTo, refusal ?? 'account-unavailable')
  deps.identityProviders.count(provider.id, 'code')
  return returnWith(journey.returnTo, { code })
}

/** A refusal that is known at the callback already. The exchange decides again. */
async function refusalOf({ sql }: SsoDeps, { purpose }: Journey, profile: Profile): Promise<ErrorCode | null> {
  if (purpose.kind === 'link') {
    const owner = await findOwner(sql, profile)
    return owner && owner.id !== purpose.accountId ? 'identity-conflict' : null
  }
  const verdict = await evaluateProfile(sql, profile)
  return verdict.kind === 'refused' ? verdict.code : null
}

/** Counts and logs how a sign-in failed. @returns where to redirect */
function endWith(deps: SsoDeps, provider: Provider, returnTo: string, problem: ErrorCode | ProviderError): string {
  const error = problem instanceof ProviderError ? problem.code : problem
  deps.identityProviders.count(provider.id, error)
  const entry = { provider: provider.id, error, ...(problem instanceof ProviderError && { reason: problem.reason }) }
  if (error === 'provider-error') deps.log.warn(entry, 'a sign-in failed at its provider')
  else deps.log.info(entry, 'a sign-in by another provider was refused')
  return returnWith(returnTo, { error })
}

/** Puts the answer into the fragment, which browsers send to no server: it is in no access log and in no Referer header. */
const returnWith = (returnTo: string, answer: Record<string, string>): string =>
  `${returnTo}#${new URLSearchParams(answer)}`

function findProvider({ identityProviders }: SsoDeps, id: string): Provider {
  const provider = identityProviders.find(id)
  if (!provider) throw new AppError('not-found')
  return provider
}

function requireReturnUrl({ config }: SsoDeps, returnTo: string): void {
  if (!config.returnUrls.includes(returnTo))
    throw invalid('returnTo', 'This is none of the places that people may return to.', 'unknown')
}
