import { join } from 'node:path'

export const program = join(import.meta.dir, '..', '..', 'src/main.ts')

export type Run = { code: number; out: string; err: string }

/** Runs the program as a shell would, with only `env` in its environment. */
export async function runProgram(args: string[], env: Record<string, string>, input = ''): Promise<Run> {
  const child = Bun.spawn([process.execPath, '--no-env-file', program, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdin: new TextEncoder().encode(input),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, out, err }
}
