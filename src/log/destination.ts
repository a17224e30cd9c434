import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** The destination of log lines; each ends with a line feed. */
export type Destination = {
  write(line: string): void
  /** Writes buffered lines. */
  flush(): void
}

const flushAtChars = 16_384
const flushEveryMs = 1_000
/** The most characters in the buffer while the reader is stuck; further lines are dropped and counted. */
const backlogChars = 4_000_000
const retryMs = 10
const exitRetries = 100
const encoder = new TextEncoder()

/**
 * Buffers lines and writes them to a file descriptor in chunks of 16 KiB, after a second at the latest, and at exit: a
 * write for each line would cost more than making the line. A terminal gets each line at once.
 */
export function openDestination(stream: number): Destination {
  const fd = withoutBlocking(stream)
  const flushAt = isatty(fd) ? 0 : flushAtChars
  let text = ''
  let rest: Uint8Array | undefined
  let dropped = 0
  let timer: Timer | undefined
  // Reused for every chunk: allocating it each time made garbage collection a quarter of the cost of writing.
  const chunk = new Uint8Array(4 * flushAtChars)

  function write(line: string): void {
    if (text.length > backlogChars) {
      dropped++
      return
    }
    text += line
    // While the reader is stuck, only the timer retries.
    if (text.length > flushAt && !rest) flush()
    else timer ??= setTimeout(flush, flushEveryMs).unref()
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    while (rest || text !== '') {
      if (!rest) {
        rest = encode(text + report())
        text = ''
      }
      if (!push()) {
        timer = setTimeout(flush, retryMs).unref()
        return
      }
    }
  }

  /** @returns false while the reader accepts no more */
  function push(): boolean {
    try {
      while (rest && rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false
      // A closed pipe or a full disk: the service runs on without its log.
      dropped++
    }
    rest = undefined
    return true
  }

  /** Encodes into `chunk` where it fits; its earlier content has been written. */
  function encode(lines: string): Uint8Array {
    if (lines.length > chunk.length) return Buffer.from(lines)
    const { read, written } = encoder.encodeInto(lines, chunk)
    return read === lines.length ? chunk.subarray(0, written) : Buffer.from(lines)
  }

  function report(): string {
    if (dropped === 0) return ''
    const line = `{"level":"warn","time":"${new Date().toISOString()}","service":"manas360","dropped":${dropped},"msg":"log lines were dropped: nobody took them"}\n`
    dropped = 0
    return line
  }

  process.on('exit', () => {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    flush()
    for (let i = 0; rest && i < exitRetries; i++) {
      Atomics.wait(pause, 0, 0, retryMs)
      flush()
    }
  })
  return { write, flush }
}

/**
 * Opens the same pipe again in non-blocking mode: through the inherited descriptor a stuck reader would block this
 * process. Without /proc, or for a socket, the inherited descriptor is used.
 */
function withoutBlocking(stream: number): number {
  try {
    if (fstatSync(stream).isFIFO())
      return openSync(`/proc/self/fd/${stream}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // No /proc: the inherited descriptor is used.
  }
  return stream
}
