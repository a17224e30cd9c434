import { randomBytes } from 'node:crypto'
import { lockAccount } from '../access/hierarchy.ts'
import { hashToken } from '../crypto/hash.ts'
import type { Db, Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import {
  type ConsumedLink,
  deleteLinks,
  deleteLiveLink,
  findLinkOwner,
  insertLink,
  type LinkKind,
  type LinkOwner,
} from './queries.ts'

export type { ConsumedLink, LinkKind } from './queries.ts'

/** Seconds for which a link of each kind can be used. */
const linkTtlSeconds: Record<LinkKind, number> = {
  'verify-email': 86_400,
  'reset-password': 3_600,
  'confirm-email': 3_600,
  'undo-email': 604_800,
  'accept-invitation': 604_800,
}

/** Hours for which a link can be used, as its mail says. */
export const linkValidHours = (kind: LinkKind): number => linkTtlSeconds[kind] / 3_600

/**
 * Where a link leads: a page under the configured URL, whatever host a request named. The token stands in the fragment, which
 * no browser sends: it is in no log and in no Referer.
 */
export const linkUrl = (appUrl: string, kind: LinkKind | 'accept-team', token: string): string =>
  `${appUrl}/account/${kind}#token=${token}`

/** The token of a link: 256 random bits, which only the mail carries, and the hash that the database stores. */
type MintedToken = { token: string; hash: Buffer }

/** A token of 256 random bits in base64url, and its hash. */
export function mintToken(token = randomBytes(32).toString('base64url')): MintedToken {
  return { token, hash: hashToken(token) }
}

type NewLink = {
  accountId: string
  kind: LinkKind
  email: string
  data?: Record<string, unknown>
  /** The token of the link just used, whose mail leads on to this one; default: random. */
  token?: string | undefined
}

/**
 * Makes a link of an account. At most three of a kind are live, also under concurrent requests; `undo-email` has no
 * bound, because the owner must get one for each change (lock the account's row first).
 * @param link `email` is the address that using the link proves
 * @returns the token, for the mail alone; null over the bound, when nothing was made and nothing voided
 */
export async function createLink(tx: Db, { data = {}, token: given, ...link }: NewLink): Promise<string | null> {
  const { accountId, kind, email } = link
  const { token, hash } = mintToken(given)
  const made = await insertLink(tx, { accountId, kind, email, hash, ttlSeconds: linkTtlSeconds[kind], data })
  return made ? token : null
}

/**
 * Uses a link: locks the account's row, then deletes the link and voids the others of its kind (of `undo-email` those
 * of later changes). Of parallel uses one succeeds. The caller checks whether the account may still be changed.
 * @throws AppError `invalid-link` for a token that is wrong, used, expired or void alike
 */
export async function consumeLink(tx: Tx, kind: LinkKind, token: string): Promise<ConsumedLink> {
  const hash = hashToken(token)
  const owner = await findLinkOwner(tx, kind, hash)
  if (!owner) throw new AppError('invalid-link')
  await lockAccount(tx, owner.accountId)
  const link = await deleteLiveLink(tx, kind, hash)
  if (!link) throw new AppError('invalid-link')
  return link
}

/** The owner of a live link, for checks before its use. Changes nothing. @throws AppError `invalid-link` */
export async function peekLink(sql: Db, kind: LinkKind, token: string): Promise<LinkOwner> {
  const owner = await findLinkOwner(sql, kind, hashToken(token))
  if (!owner) throw new AppError('invalid-link')
  return owner
}

/** Voids an account's links of these kinds. Lock the account's row first. */
export function voidLinks(tx: Tx, accountId: string, kinds: readonly LinkKind[]): Promise<void> {
  return deleteLinks(tx, accountId, kinds)
}
