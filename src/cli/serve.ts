import { requireFreeAddress } from '../config/listening-check.ts'
import { createLogger } from '../log/logger.ts'
import type { MailDelivery } from '../mail/variables.ts'
import { aborted, serve } from '../server.ts'
import type { Invocation } from './command.ts'
import { explained, migrateSchema, prepare } from './environment.ts'
import { signalToStop } from './signals.ts'

/** `serve`: runs the server until a signal stops it. */
export async function runServer(invocation: Invocation): Promise<number> {
  const { config, database } = await prepare(invocation, requireFreeAddress)
  const { print } = invocation
  const log = createLogger({ level: config.logLevel })
  const stop = signalToStop()
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'))
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
  try {
    if (!config.production) await migrateSchema(config, print)
    const target = { url: config.databaseUrl, variable: 'DATABASE_URL' } as const
    const server = await explained(target, () => serve(config, log, stop))
    if (config.production) log.writeMembers('info', `"url":${JSON.stringify(server.address)},"msg":"serving"`)
    else
      print(`
MANAS360 is serving on ${server.url}
  reference   ${server.url}/docs
${mailLine(config.mail, server.url)}  superadmin  manas360 create-admin --email you@example.com
  stop        Ctrl-C
`)
    await aborted(stop)
    if (config.production) log.writeMembers('info', `"drainMs":${config.drainDelayMs},"msg":"draining"`)
    await server.stop()
    if (config.production) log.writeMembers('info', '"msg":"stopped"')
    return 0
  } catch (error) {
    // Stopped while it waited for the database.
    if (stop.aborted) return 0
    throw error
  } finally {
    await database?.stop()
  }
}

/** The address at which development shows the mails that it stores. */
function mailLine({ mode }: MailDelivery, url: string): string {
  return mode === 'kept' ? `  mail        ${url}/dev/mail\n` : ''
}
