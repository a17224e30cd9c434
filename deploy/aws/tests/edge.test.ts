import { describe, expect, test } from 'bun:test'
import { Match } from 'aws-cdk-lib/assertions'
import { publicPaths } from '../src/edge-stack.ts'
import { firstOf, read, root, synthesise } from './synthesised.ts'

const { edge } = synthesise()

describe('CloudFront', () => {
  test('serves what the service marks as public, and nothing else', () => {
    const source = [...new Bun.Glob('src/**/*.ts').scanSync(root)]
    const files = source.filter((file) => read(file).includes("/middleware/cached.ts'"))
    const marked = files.flatMap((file) => {
      const prefix = file.includes('jwks') ? '' : '/v1'
      return [...read(file).matchAll(/\.get\(\s*'(\/[^']*)'/g)].map(([, path]) => prefix + path)
    })
    expect(marked.sort()).toEqual(publicPaths.map((path) => path.replace('*', ':name')).sort())
    const config = firstOf(edge, 'AWS::CloudFront::Distribution').DistributionConfig as {
      DefaultCacheBehavior: { FunctionAssociations: unknown[] }
      CacheBehaviors: { PathPattern: string; AllowedMethods: string[] }[]
      ViewerCertificate: object
    }
    expect(config.DefaultCacheBehavior.FunctionAssociations).toHaveLength(1)
    expect(config.CacheBehaviors.map(({ PathPattern }) => PathPattern)).toEqual(publicPaths)
    for (const { AllowedMethods } of config.CacheBehaviors) expect(AllowedMethods).toEqual(['GET', 'HEAD', 'OPTIONS'])
    expect(config.ViewerCertificate).toMatchObject({ MinimumProtocolVersion: 'TLSv1.2_2021' })
    expect(firstOf(edge, 'AWS::CloudFront::Function').FunctionCode).toContain('404')
  })

  test('caches nothing that is not marked, and not by what a stranger can vary', () => {
    edge?.hasResourceProperties('AWS::CloudFront::CachePolicy', {
      CachePolicyConfig: Match.objectLike({
        MinTTL: 0,
        DefaultTTL: 0,
        ParametersInCacheKeyAndForwardedToOrigin: Match.objectLike({
          CookiesConfig: { CookieBehavior: 'none' },
          HeadersConfig: { HeaderBehavior: 'none' },
          QueryStringsConfig: { QueryStringBehavior: 'whitelist', QueryStrings: ['limit', 'cursor'] },
        }),
      }),
    })
  })
})
