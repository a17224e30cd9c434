import type { Invocation } from './command.ts'

type Command = (invocation: Invocation) => Promise<number>

/** Multiple of JavaScriptCore's thresholds for compiling a function during a start, whose code runs once; 1 again when it listens. */
const jitPolicyOfStart = 64

/** All commands; each returns its exit code. Imported when called: a health check needs no database driver. */
export const commands: Record<string, Command> = {
  async serve(invocation) {
    Bun.unsafe.setJITPolicy(jitPolicyOfStart)
    return (await import('./serve.ts')).runServer(invocation)
  },
  'create-roles': async (invocation) => (await import('./create-roles.ts')).runCreateRoles(invocation),
  migrate: async (invocation) => (await import('./migrate.ts')).runMigrate(invocation),
  seed: async (invocation) => (await import('./migrate.ts')).runMigrate(invocation),
  'create-admin': async (invocation) => (await import('./create-admin.ts')).runCreateAdmin(invocation),
  admin: async (invocation) => (await import('./admin.ts')).runAdmin(invocation),
  import: async (invocation) => (await import('./import-file.ts')).runImport(invocation),
  doctor: async (invocation) => (await import('./run-doctor.ts')).runDoctor(invocation),
  keys: async (invocation) => (await import('./keys.ts')).runKeys(invocation),
  jobs: async (invocation) => (await import('./jobs.ts')).runJobs(invocation),
  billing: async (invocation) => (await import('./billing.ts')).runBilling(invocation),
  audit: async (invocation) => (await import('./audit.ts')).runAudit(invocation),
  erasures: async (invocation) => (await import('./erasures.ts')).runErasures(invocation),
  openapi: async (invocation) => (await import('./openapi.ts')).runOpenApi(invocation),
  healthcheck: async (invocation) => (await import('./healthcheck.ts')).runHealthcheck(invocation),
}

/** The commands that take arguments. */
const takesArguments: ReadonlySet<string> = new Set(['admin', 'import', 'keys', 'jobs', 'audit', 'billing', 'erasures'])
const optionsOf: Record<string, string[]> = {
  'create-admin': ['email', 'password-stdin', 'promote'],
  admin: ['email'],
  import: ['dry-run', 'on-conflict', 'allow-roles', 'refused'],
  audit: ['checkpoint'],
  erasures: ['since', 'dry-run'],
  billing: ['apply'],
  keys: ['algorithm'],
}

/** The usage error of a command's arguments; null when there is none. */
export function checkUsage(name: string, args: string[], options: Record<string, unknown>): string | null {
  if (!Object.hasOwn(commands, name)) return `Unknown command: ${name}`
  if (args.length > 0 && !takesArguments.has(name))
    return `${name} takes nothing after it, but there is: ${args.join(' ')}`
  const foreign = Object.keys(options).find((option) => !optionsOf[name]?.includes(option))
  return foreign === undefined ? null : `${name} has no option --${foreign}`
}
