import { App, type AppProps, Tags } from 'aws-cdk-lib'
import { DataStack } from './data-stack.ts'
import { EdgeStack } from './edge-stack.ts'
import { RegistryStack } from './registry-stack.ts'
import { ReleaseStack } from './release-stack.ts'
import { ServiceStack } from './service-stack.ts'
import type { Settings } from './settings.ts'

type Options = { settings: Settings; imageDigest: string; now: Date; app?: AppProps }

/** All stacks, in the order in which they are deployed. */
export function createStacks({ settings, imageDigest, now, app: props }: Options) {
  const app = new App({ analyticsReporting: false, ...props })
  const env = { account: settings.account, region: settings.region }
  const registry = new RegistryStack(app, 'Manas360Registry', { env, settings })
  const data = new DataStack(app, 'Manas360Data', { env, settings })
  const releaseProps = { env, settings, imageDigest, registry, data, now }
  const release = new ReleaseStack(app, 'Manas360Release', releaseProps)
  const service = new ServiceStack(app, 'Manas360Service', { ...releaseProps, release })
  const { catalogue: name } = settings.domain
  const edge = name
    ? new EdgeStack(app, 'Manas360Edge', { env: { account: settings.account, region: 'us-east-1' }, settings, name })
    : undefined
  edge?.addStackDependency(service)
  Tags.of(app).add('service', 'manas360')
  return { app, registry, data, release, service, edge }
}
