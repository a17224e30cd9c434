import { domainToUnicode } from 'node:url'
import type { Db, Fragment } from '../../db/types.ts'
import { canonicalEmail, isEmail } from '../../text/email-address.ts'

/** Texts that contain a trigram of the index: three letters, or two at the beginning or end of a word. */
const hasTrigram = /[\p{L}\p{M}\p{N}]{2}.|[^\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}]/su
const beginsWord = /^[\p{L}\p{M}\p{N}]/u
/** Words with a digit, of four ASCII characters or more. Nothing beside them can become one character with their ends. */
const rareWord = /(?<![\p{L}\p{M}\p{N}])(?=[a-z]*\d)[a-z\d]{4,}(?![\p{L}\p{M}\p{N}])/giu

/** The canonical address, where the text is a whole one; else null. */
export function toAddress(q: string): string | null {
  const address = canonicalEmail(q)
  return isEmail(address) ? address : null
}

/**
 * Finds a part of an address or a name. A text without a trigram is searched at the beginning of words only, and one without
 * letters or digits finds nobody. The database normalises the query as it did the stored text; nothing is normalised here.
 */
export function containsText(sql: Db, q: string): Fragment {
  const asked = decodeLabels(q)
  const text = asked.normalize('NFKC')
  if (hasTrigram.test(text)) return containingTrigrams(sql, asked, text.match(rareWord) ?? [])
  if (!beginsWord.test(text)) return sql`and false`
  return sql`and (a.search_text like search_pattern(${asked}) || '%' or a.search_text like '% ' || search_pattern(${asked}) || '%')`
}

/**
 * The index reads the list of each trigram that it is asked for. A word with a digit has rare ones: the index is asked for such
 * words alone, and the lists of what most addresses share (`example`, `com`) are left to the filter.
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
