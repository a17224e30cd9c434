#!/usr/bin/env bun
/**
 * Prints the build arguments of the image, from which its labels are made: docker build $(bun
 * scripts/image-arguments.ts) . With --lines one NAME=value per line, as docker/build-push-action expects.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { version } from '../package.json'

const root = join(import.meta.dir, '..')
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
const [, baseName, baseDigest] = /^FROM (\S+)@(sha256:[0-9a-f]{64}) AS base$/m.exec(dockerfile) ?? []
if (!baseName || !baseDigest) throw new Error('the Dockerfile names no base by its digest')

const values: Record<string, string> = {
  VERSION: version,
  REVISION: git('rev-parse', 'HEAD') || 'unknown',
  // The time of the commit, not of the build: the same commit gives the same image.
  CREATED: git('log', '-1', '--format=%cI') || '1970-01-01T00:00:00Z',
  SOURCE: sourceOf(git('remote', 'get-url', 'origin')),
  BASE_NAME: baseName,
  BASE_DIGEST: baseDigest,
}
const pairs = Object.entries(values).map(([name, value]) => `${name}=${value}`)
const isForAction = process.argv.includes('--lines')
process.stdout.write(`${isForAction ? pairs.join('\n') : pairs.map((pair) => `--build-arg ${pair}`).join(' ')}\n`)

/** The https address of the repository, without credentials that a remote's URL may hold. */
function sourceOf(remote: string): string {
  const [, host, path] = /^(?:https:\/\/(?:[^@/]*@)?|(?:ssh:\/\/)?git@)([^/:]+)[/:](.+?)(?:\.git)?$/.exec(remote) ?? []
  return host && path ? `https://${host}/${path}` : 'unknown'
}

function git(...args: string[]): string {
  try {
    const { success, stdout } = Bun.spawnSync(['git', ...args], { cwd: root, stderr: 'ignore' })
    return success ? stdout.toString().trim() : ''
  } catch {
    return ''
  }
}
