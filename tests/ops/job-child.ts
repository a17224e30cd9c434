import { loadConfig } from '../../src/config.ts'
import { createLogger } from '../../src/logger.ts'
import { openDeps } from '../../src/open-deps.ts'
import { runJobNow } from '../../src/ops/jobs.ts'

/** An instance of its own that runs the job which is its argument, to be killed meanwhile. */
const deps = await openDeps(loadConfig(process.env), createLogger({ level: 'silent' }))
await runJobNow(deps, process.argv[2] ?? '')
await deps.close(1)
