/** Runs the program of the instance on its database. @throws Error with its output when it fails */
export type RunProgram = (args: string[], input?: string) => Promise<string>

/** Runs a shell's command line, with further arguments that need no quoting. */
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
