import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include'
import { read, root } from './synthesised.ts'

type Named = { Name: string }

const lines = read('.env.production.example')
  .split('\n')
  .filter((line) => /^[A-Z]/.test(line))
const nameOf = (line: string) => line.slice(0, line.indexOf('='))

function firstService(template: Template) {
  const [service] = Object.values(template.findResources('AWS::AppRunner::Service'))
  if (!service) throw new Error('no service')
  return service
}

test('App Runner’s template is one, asks /live, and gives the program what production requires', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'manas360-apprunner-'))
  try {
    const app = new App({ outdir, analyticsReporting: false })
    const stack = new Stack(app, 'AppRunner')
    // Every resource becomes an object of CDK's own: what it does not know it refuses.
    new CfnInclude(stack, 'Template', { templateFile: join(root, 'deploy/apprunner/template.yaml') })
    const { Properties } = firstService(Template.fromStack(stack))
    expect(Properties.HealthCheckConfiguration).toMatchObject({ Protocol: 'HTTP', Path: '/live' })
    const { ImageConfiguration } = Properties.SourceConfiguration.ImageRepository
    const { RuntimeEnvironmentVariables: variables, RuntimeEnvironmentSecrets: secrets } = ImageConfiguration
    const names = [...variables, ...secrets].map(({ Name }: Named) => Name)
    expect(lines.filter((line) => line.includes('<') && !names.includes(nameOf(line)))).toEqual([])
    expect(names.filter((name: string) => !lines.map(nameOf).includes(name))).toEqual([])
    for (const { Name } of variables as Named[])
      expect(Name).not.toMatch(/SECRET|_KEYS?$|TOKEN$|DATABASE_|SMTP_URL|REDIS/)
  } finally {
    rmSync(outdir, { recursive: true })
  }
})
