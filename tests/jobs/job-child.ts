import { runJobNow } from '../../src/jobs/runner.ts'
import { createLogger } from '../../src/log/logger.ts'
import { loadConfig } from '../../src/room-config.ts'
import { openDeps } from '../../src/services.ts'

/** An instance of its own that runs the job which is its argument, to be killed meanwhile. */
const deps = await openDeps(loadConfig(process.env), createLogger({ level: 'silent' }))
await runJobNow(deps, process.argv[2] ?? '')
await deps.close(1)
