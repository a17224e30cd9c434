import { aws_ec2 as ec2, aws_elasticache as elasticache, type aws_kms as kms, type Stack } from 'aws-cdk-lib'
import { forData } from './network.ts'
import { composeSecret, generateSecret, referenceTo, type Secrets } from './secrets.ts'
import type { Settings } from './settings.ts'

type Options = { vpc: ec2.IVpc; key: kms.IKey; settings: Settings }
export type Cache = { securityGroup: ec2.SecurityGroup; group: elasticache.CfnReplicationGroup; secrets: Secrets }

/**
 * Valkey for the counts of rate limits: a primary and a replica without cluster mode, for the program follows no redirections.
 * (ElastiCache Serverless is always a cluster.)
 */
export function createCache(scope: Stack, { vpc, key, settings }: Options): Cache {
  const securityGroup = new ec2.SecurityGroup(scope, 'CacheGroup', {
    vpc,
    allowAllOutbound: false,
    description: 'Valkey',
  })
  const password = generateSecret(scope, 'CachePassword', 'Password of Valkey')
  const subnets = new elasticache.CfnSubnetGroup(scope, 'CacheSubnets', {
    description: 'Valkey',
    subnetIds: vpc.selectSubnets(forData).subnetIds,
  })
  const parameters = new elasticache.CfnParameterGroup(scope, 'CacheParameters', {
    cacheParameterGroupFamily: 'valkey8',
    description: 'MANAS360: counts are never evicted before their time',
    properties: { 'maxmemory-policy': 'noeviction' },
  })
  const group = new elasticache.CfnReplicationGroup(scope, 'Cache', {
    replicationGroupDescription: 'Counts of rate limits',
    engine: 'valkey',
    engineVersion: '8.0',
    cacheNodeType: settings.cacheNode,
    numCacheClusters: 2,
    automaticFailoverEnabled: true,
    multiAzEnabled: true,
    transitEncryptionEnabled: true,
    transitEncryptionMode: 'required',
    atRestEncryptionEnabled: true,
    kmsKeyId: key.keyArn,
    authToken: referenceTo(password),
    cacheParameterGroupName: parameters.ref,
    cacheSubnetGroupName: subnets.ref,
    securityGroupIds: [securityGroup.securityGroupId],
    autoMinorVersionUpgrade: true,
    // A restart begins all counts anew: there is nothing to restore.
    snapshotRetentionLimit: 0,
  })
  const address = `@${group.attrPrimaryEndPointAddress}:${group.attrPrimaryEndPointPort}`
  const url = composeSecret(scope, 'RedisUrl', 'Valkey, with its password', ['rediss://default:', password, address])
  return { securityGroup, group, secrets: { REDIS_URL: url } }
}
