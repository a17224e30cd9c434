import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Service = {
  image: string
  environment?: Record<string, string>
  command?: string[]
  entrypoint?: string[]
  volumes?: string[]
  ports?: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  mem_limit?: string
  pids_limit?: number
  restart?: string
  read_only?: boolean
  stop_grace_period?: string
}
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown> }

export const composeFile = join(import.meta.dir, '../../deploy/compose.yaml')

/** deploy/compose.yaml as Docker reads it, with the variables of `environment`. @throws Error for a missing one */
export function readCompose(environment: Record<string, string>): Compose {
  const text = readFileSync(composeFile, 'utf8')
  const filled = text.replace(/\$\{(\w+)(?::\?[^}]*)?\}/g, (_, name: string) => {
    const value = environment[name]
    if (!value) throw new Error(`${name} is not set`)
    return value
  })
  return Bun.YAML.parse(filled) as Compose
}

/** The variables of a file with lines `NAME=value`. */
export function readEnvironment(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}
