import { z } from 'zod'
import { type Network, parseNetwork } from '../addresses/networks.ts'
import { type ConfigOf, configuration, type Values } from '../config/room.ts'
import type { InstanceVariables } from '../config/variables.ts'
import { loopbackNetworks } from './reachable.ts'

const networkList = z
  .string()
  .max(4_096, 'must have at most 4096 characters')
  .transform((text, context): Network[] =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .flatMap((entry) => {
        const network = parseNetwork(entry)
        if (typeof network !== 'string') return [network]
        context.addIssue({ code: 'custom', message: `"${entry}" must be a CIDR range such as 10.0.0.0/8` })
        return []
      }),
  )

const variables = { WEBHOOK_PRIVATE_NETWORKS: networkList.optional() }

type E = Values<typeof variables> & Pick<InstanceVariables, 'NODE_ENV'>
export type WebhookConfig = ConfigOf<typeof webhookConfiguration>

export const webhookConfiguration = configuration({
  variables,
  config: (e: E) => ({
    webhooks: {
      /** Networks that the operators' endpoints may reach beside globally reachable addresses. */
      privateNetworks: e.WEBHOOK_PRIVATE_NETWORKS ?? (e.NODE_ENV === 'production' ? [] : loopbackNetworks),
      /** Whether this machine can be reached by http. */
      inClear: e.NODE_ENV !== 'production',
    },
  }),
})
