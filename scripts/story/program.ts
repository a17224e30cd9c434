/** Runs the program that serves the instance, on its database. @throws Error with what it said when it fails */
export type RunProgram = (args: string[], input?: string) => Promise<string>

/** A shell's command line, with arguments behind it that need no quoting. */
export function toRun(program: string): RunProgram {
  return async (args, input = '') => {
    const child = Bun.spawn(['sh', '-c', `${program} "$@"`, 'smoke', ...args], {
      stdin: new TextEncoder().encode(input),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`${program} ${args.join(' ')}: ${(out + err).trim()}`)
    return out.trim()
  }
}
