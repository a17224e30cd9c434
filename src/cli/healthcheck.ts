import { toReachableHost } from '../config/listening-address.ts'
import { findFault } from '../ops/liveness.ts'
import type { Invocation } from './command.ts'

/** `healthcheck`: checks whether the server of this container is alive. */
export async function runHealthcheck({ environment, print }: Invocation): Promise<number> {
  const fault = await findFault(
    `http://${toReachableHost(environment.HOST || '0.0.0.0')}:${environment.PORT || 3000}/live`,
  )
  if (fault) print(fault)
  return fault ? 1 : 0
}
