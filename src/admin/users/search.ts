import { domainToUnicode } from 'node:url'
import type { Db, Fragment } from '../../db/types.ts'
import { canonicalEmail, isEmail } from '../../text/email-address.ts'

/** Texts that contain a trigram of the index: three letters, or two at the beginning or end of a word. */
const hasTrigram = /[\p{L}\p{M}\p{N}]{2}.|[^\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}]/su
const beginsWord = /^[\p{L}\p{M}\p{N}]/u
/** Words of four ASCII letters and digits or more, with a digit among them. Normalisation cannot change their ends. */
const rareWord = /(?<![\p{L}\p{M}\p{N}])(?=[a-z]*\d)[a-z\d]{4,}(?![\p{L}\p{M}\p{N}])/giu

/** The canonical address, where the text is a whole one; else null. */
export function toAddress(q: string): string | null {
  const address = canonicalEmail(q)
  return isEmail(address) ? address : null
}

/**
 * Finds accounts with the text in their address or name. A text without a trigram matches beginnings of words only; one
 * without letters or digits matches no account. The database normalises the query as it did the stored text.
 */
export function containsText(sql: Db, q: string): Fragment {
  const asked = decodeLabels(q)
  const text = asked.normalize('NFKC')
  if (hasTrigram.test(text)) return containingTrigrams(sql, asked, text.match(rareWord) ?? [])
  if (!beginsWord.test(text)) return sql`and false`
  return sql`and (a.search_text like search_pattern(${asked}) || '%' or a.search_text like '% ' || search_pattern(${asked}) || '%')`
}

/**
 * The index reads a posting list for each trigram of the condition. Words with a digit have rare trigrams, so the index
 * condition has such words alone, and the filter checks the rest, with trigrams that most addresses share (`example`,
 * `com`).
 */
function containingTrigrams(sql: Db, asked: string, rareWords: readonly string[]): Fragment {
  if (rareWords.length === 0) return sql`and a.search_text like '%' || search_pattern(${asked}) || '%'`
  return rareWords.reduce(
    (all, word) => sql`${all} and a.search_text like '%' || search_pattern(${word}) || '%'`,
    sql`and strpos(a.search_text, search_fold(${asked})) > 0`,
  )
}

/** Domains are stored in Unicode; mail logs have them in punycode. */
function decodeLabels(q: string): string {
  return q.replace(/xn--[a-z0-9-]+/gi, (label) => domainToUnicode(label) || label)
}
