/** A started program. */
export type Child = { kill(signal: NodeJS.Signals): void; exited: Promise<number> }

/** Resolves once a line of `output` matches. @throws Error with the output when it ends before */
export async function untilSaid(output: ReadableStream<Uint8Array>, pattern: RegExp): Promise<RegExpExecArray> {
  const decoder = new TextDecoder()
  const reader = output.getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new Error(`it ended before it was ready: ${text.trim()}`)
    text += decoder.decode(value, { stream: true })
    const found = pattern.exec(text)
    if (!found) continue
    // Read on, because a full pipe would block the program.
    void (async () => {
      while (!(await reader.read()).done);
    })()
    return found
  }
}

/** Sends a signal, and SIGKILL when the program runs on after `seconds`. */
export async function end(child: Child, seconds = 10, signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  await child.exited
  clearTimeout(late)
}

/** A free port of 127.0.0.1, below those that the system gives to whoever asks for any: it stays free until it is used. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
      return port
    } catch {
      // It is in use.
    }
  }
}
