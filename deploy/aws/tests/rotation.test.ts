import { describe, expect, test } from 'bun:test'
import { Match } from 'aws-cdk-lib/assertions'
import { containersOf, otherSettings, propertiesOf } from './synthesised.ts'

const { data, service } = otherSettings()

describe('rotating', () => {
  const container = containersOf(service)['manas360-service']
  const secretOf = (name: string) =>
    JSON.stringify(container?.Secrets.find(({ Name }) => Name === name)?.ValueFrom ?? null)

  test('the first generation is in force, and the others are accepted beside it', () => {
    expect(secretOf('JWT_REFRESH_SECRET')).toContain('JWTREFRESHSECRET2')
    expect(secretOf('JWT_REFRESH_SECRET_PREVIOUS')).toContain('JWTREFRESHSECRET1')
    expect(secretOf('AUDIT_KEY')).toContain('AUDITKEY3')
    const [list] = Object.values(
      data.findResources('AWS::SecretsManager::Secret', {
        Properties: { Description: 'AUDIT_KEY_PREVIOUS: earlier generations' },
      }),
    )
    expect(JSON.stringify(list)).toMatch(/AUDITKEY2.*","AUDITKEY1|AUDITKEY2.*,.*AUDITKEY1/)
    expect(secretOf('DATA_KEY_PREVIOUS')).toBe('null')
  })

  test('no generation is ever taken from tasks that still run with it', () => {
    const exported = Object.keys((data.toJSON() as { Outputs: object }).Outputs).join()
    for (const name of ['JWTSECRET1', 'JWTREFRESHSECRET1', 'AUDITKEY1', 'AUDITKEY2']) expect(exported).toContain(name)
    for (const resource of Object.values(data.findResources('AWS::SecretsManager::Secret')))
      if (resource.Properties.GenerateSecretString && !/admin/.test(JSON.stringify(resource)))
        expect(resource.DeletionPolicy).toBe('Retain')
  })

  test('another generation of the server’s password is another role, so that both are good meanwhile', () => {
    const urls = JSON.stringify(propertiesOf(data, 'AWS::SecretsManager::Secret'))
    expect(urls).toContain('postgres://manas360_server_2:')
    expect(urls).toContain('ServerPassword2')
    expect(urls).not.toContain('postgres://manas360_server:')
  })

  test('with asymmetric keys there is JWT_KEYS in place of JWT_SECRET, and nobody’s own secrets are made up', () => {
    expect(secretOf('JWT_SECRET')).toBe('null')
    for (const name of ['JWT_KEYS', 'STRIPE_SECRET_KEY', 'SMTP_URL']) expect(secretOf(name)).not.toBe('null')
    for (const name of ['JWT_KEYS', 'STRIPE_SECRET_KEY', 'SMTP_URL'])
      data.hasResourceProperties('AWS::SecretsManager::Secret', {
        Description: `${name}: stored by hand`,
        GenerateSecretString: Match.absent(),
        SecretString: Match.absent(),
      })
  })
})
