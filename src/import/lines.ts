/** The most bytes of a line, as of a request's body. */
export const maxLineBytes = 65_536

/** A line of a file, numbered from 1, with its length; or why it has no text. */
export type Line = { number: number; bytes: number } & (
  | { text: string; problem?: undefined }
  | { text?: undefined; problem: 'too-long' | 'not-utf-8' }
)

const newline = 10
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Cuts a stream of bytes into lines, without empty ones. A line that is too long is not kept, so no input takes more
 * memory than `maxLineBytes` and one chunk.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const parts: Uint8Array[] = []
  let held = 0
  let bytes = 0
  let number = 1

  function keep(part: Uint8Array): void {
    bytes += part.length
    held += part.length
    if (held > maxLineBytes) parts.length = 0
    else parts.push(part)
  }

  function end(): Line | null {
    const line = { number: number++, bytes }
    const isTooLong = held > maxLineBytes
    const whole = Buffer.concat(parts)
    parts.length = 0
    held = 0
    bytes = 0
    if (isTooLong) return { ...line, problem: 'too-long' }
    try {
      const text = decoder.decode(whole).trim()
      return text === '' ? null : { ...line, text }
    } catch {
      return { ...line, problem: 'not-utf-8' }
    }
  }

  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, at))
      start = at + 1
      bytes++
      const line = end()
      if (line) yield line
    }
    // Copied, unless the line is too long anyway: the stream may reuse the chunk's memory.
    if (start < chunk.length) keep(held > maxLineBytes ? chunk.subarray(start) : chunk.slice(start))
  }
  const last = held > 0 ? end() : null
  if (last) yield last
}
