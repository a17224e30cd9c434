import { currentTracer, inSpan } from '../tracing/tracer.ts'
import type { Query } from './statement.ts'

/** The most parts of a statement in its name. */
const maxParts = 3
/** Names by the statement's template, of which there is one for each place in the source. */
const names = new WeakMap<readonly string[], string>()

/**
 * Runs a statement in a span, within a traced request or job. The span has the statement's name and its text with
 * placeholders, never values.
 */
export function inStatementSpan<T>(sent: Query, work: () => Promise<T>): Promise<T> {
  if (!currentTracer()) return work()
  const summary = nameOf(sent.strings)
  const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': summary }
  return inSpan(summary, { kind: 'client', attributes }, async (span) => {
    try {
      return await work()
    } finally {
      if (sent.string) span.set({ 'db.query.text': oneLine(sent.string) })
    }
  })
}

function nameOf(strings: readonly string[]): string {
  const known = names.get(strings)
  if (known !== undefined) return known
  const name = summarise(strings.join(' '))
  names.set(strings, name)
  return name
}

/**
 * The operation of a statement and its tables or functions, in the form of OpenTelemetry's `db.query.summary`: `SELECT
 * mail_outbox`.
 */
export function summarise(text: string): string {
  const plain = text.replace(/\b(?:for(?: no key)?|do)\s+update\b/gi, ' ')
  const parts = [
    ...plain.matchAll(
      /\b(?:(insert) into|(update)|(delete) from|(select)\b(?:(?!\b(?:select|from)\b)[\s\S])*?\bfrom)\s+([a-z_]\w*)/gi,
    ),
  ].map(
    ([, insert, update, remove, select, target = '']) =>
      `${(insert ?? update ?? remove ?? select ?? '').toUpperCase()} ${target}`,
  )
  if (parts.length > 0) return [...new Set(parts)].slice(0, maxParts).join(', ')
  const [, verb = 'statement', called = ''] = /^\s*([a-z]+)(?:\s+([a-z_]\w*)\s*\()?/i.exec(plain) ?? []
  return [verb.toUpperCase(), called].filter(Boolean).join(' ')
}

/** A statement for logs and spans: on one line, cut to 2,000 characters. */
export function oneLine(statement: string): string {
  return statement.replace(/\s+/g, ' ').trim().slice(0, 2000)
}
