import { cpus, totalmem } from 'node:os'
import { root } from './processes.ts'

/** The command, commit, machine and time of a measurement, as the head of every table. */
export function provenance(command: string): string {
  const git = Bun.spawnSync(['git', 'describe', '--always', '--dirty'], { cwd: root, stderr: 'ignore' })
  const commit = git.success ? git.stdout.toString().trim() : 'unknown'
  const [cpu] = cpus()
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 1e9)} GB, ${process.platform}`
  return `\`${command}\` of commit ${commit}, Bun ${Bun.version}, ${machine}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
