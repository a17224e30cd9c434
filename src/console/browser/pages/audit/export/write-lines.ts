/** The destination of an export: receives whole lines, in order. */
export type Sink = {
  /** The most bytes that it accepts. */
  limit: number
  write: (piece: Uint8Array<ArrayBuffer>) => void | Promise<void>
}
export type Written = { lines: number; bytes: number }
/** `cut`: the limit of the sink was reached. `broken`: the stream failed. `unwritten`: the sink failed. */
export type End = Written & { how: 'whole' | 'cut' | 'broken' | 'unwritten' }

const newline = 10
/** The service sends no longer line; one that is longer is written in parts, so that memory stays bounded. */
const longestLine = 1 << 20

/**
 * Writes a stream of lines to a sink until either ends. The output always ends with a whole line.
 * @param progress called after each write
 */
export async function writeLines(
  stream: ReadableStream<Uint8Array>,
  sink: Sink,
  progress: (so: Written) => void,
): Promise<End> {
  const reader = stream.getReader()
  const so: Written = { lines: 0, bytes: 0 }
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  try {
    for (;;) {
      const read = await reader.read().catch(() => null)
      if (read === null) return { ...so, how: 'broken' }
      const piece = join(rest, read.value ?? new Uint8Array(0))
      const end = read.done || piece.length > longestLine ? piece.length : piece.lastIndexOf(newline) + 1
      const room = sink.limit - so.bytes
      const fits = end <= room
      const whole = piece.subarray(0, fits ? end : piece.subarray(0, room).lastIndexOf(newline) + 1)
      if (whole.length > 0) {
        await sink.write(whole)
        so.bytes += whole.length
        so.lines += linesOf(whole)
        progress({ ...so })
      }
      if (!fits) return { ...so, how: 'cut' }
      if (read.done) return { ...so, how: 'whole' }
      rest = piece.slice(end)
    }
  } catch {
    return { ...so, how: 'unwritten' }
  } finally {
    // Aborts the request, so that the service stops sending.
    void reader.cancel().catch(() => {})
  }
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

function linesOf(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1
  return lines
}
