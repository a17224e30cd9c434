import { join } from 'node:path'
import { compiledProgram } from './compiled.ts'

export const sources = [process.execPath, '--no-env-file', join(import.meta.dir, '../../src/main.ts')]

export type Run = { code: number; out: string; err: string }

/** Runs the program as a shell would, compiled unless given otherwise, with only `env` in its environment. */
export async function runProgram(
  args: string[],
  env: Record<string, string>,
  input = '',
  program?: string[],
): Promise<Run> {
  const child = Bun.spawn([...(program ?? [await compiledProgram()]), ...args], {
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
