import { expect } from 'bun:test'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { compiledProgram } from './compiled.ts'

/** The configuration of the image, as Docker stores it. */
export type ImageConfig = {
  User: string
  Entrypoint: string[]
  Cmd: string[]
  Env: string[]
  Labels: Record<string, string>
  Healthcheck: { Test: string[] }
}

const project = join(import.meta.dir, '../..')
const image = 'localhost/manas360-test'

/** Mounts need root. */
export const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']

/**
 * The image's final stage, built by buildah without a daemon and without a registry, on a base with only the C library
 * and its parts, like the distroless one.
 * @returns its configuration, the size of its layers, and the folder where its files are mounted
 */
export async function buildImage(work: string): Promise<{ config: ImageConfig; size: string; root: string }> {
  const buildah = (...args: string[]) => {
    const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'run'), '--storage-driver', 'vfs']
    return run([...asRoot, 'buildah', ...storage, ...args])
  }
  const context = join(work, 'context')
  mkdirSync(context)
  cpSync(await compiledProgram(), join(context, 'manas360'))
  await makeBase(join(context, 'base'), join(context, 'manas360'))
  writeFileSync(join(context, 'Base'), 'FROM scratch\nCOPY base /\n')
  writeFileSync(join(context, 'Final'), finalStage())
  const build = ['bud', '--isolation', 'chroot', '--format', 'docker', '--quiet']
  await buildah(...build, '-t', `${image}-base`, '-f', join(context, 'Base'), context)
  const labels = await run([process.execPath, join(project, 'scripts/image-arguments.ts')])
  const values = ['--build-arg', `BASE=${image}-base`, ...labels.split(' ')]
  await buildah(...build, ...values, '-t', image, '-f', join(context, 'Final'), context)
  const { config } = JSON.parse(await buildah('inspect', '--type', 'image', image)).Docker
  const size = await buildah('images', '--format', '{{.Size}}', image)
  const root = await buildah('mount', await buildah('from', '--pull-never', image))
  return { config, size, root }
}

/** The output of a command. @throws Error with its error output when it fails */
export async function run(argv: string[], env = process.env): Promise<string> {
  const child = Bun.spawn(argv, { env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [out, complaints, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${complaints}${out}`)
  return out.trim()
}

/** The Dockerfile from its last FROM on, with the file of its first stage taken from the context. */
function finalStage(): string {
  const text = readFileSync(join(project, 'Dockerfile'), 'utf8')
  const stage = text.slice(text.lastIndexOf('\nFROM '))
  const copied = stage.replace('COPY --from=build /app/dist/manas360 ', 'COPY manas360 ')
  expect(copied).not.toBe(stage)
  return `ARG BASE\n${copied}`
}

/**
 * The parts of distroless/cc that the program loads: the loader, the C library and its parts, libgcc. No shell, no ldd.
 */
async function makeBase(base: string, program: string): Promise<void> {
  const [addon = ''] = [
    ...new Bun.Glob('node_modules/@node-rs/argon2-*/*.node').scanSync({ cwd: project, absolute: true }),
  ]
  const linked = await run(['ldd', program, addon])
  const files = new Set([...linked.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, file = '']) => file))
  for (const file of files) {
    mkdirSync(join(base, dirname(file)), { recursive: true })
    cpSync(file, join(base, file), { dereference: true })
  }
  for (const directory of ['tmp', 'proc', 'dev', 'etc']) mkdirSync(join(base, directory), { recursive: true })
  chmodSync(join(base, 'tmp'), 0o1777)
}
