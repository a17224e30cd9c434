import {
  aws_certificatemanager as acm,
  aws_cloudfront as cf,
  Duration,
  aws_cloudfront_origins as origins,
  aws_route53 as route53,
  Stack,
  type StackProps,
  aws_route53_targets as targets,
} from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { createFirewall } from './firewall.ts'
import { createLogBucket } from './load-balancer.ts'
import type { Settings } from './settings.ts'

/** What the service marks `Cache-Control: public`, and what is the same for everybody: a test holds that they are these. */
export const publicPaths = [
  '/v1/plans',
  '/v1/plans/*',
  '/v1/features',
  '/v1/features/*',
  '/v1/catalogue',
  '/.well-known/jwks.json',
]
/** Of lists. */
const paging = ['limit', 'cursor']

/**
 * CloudFront for the public catalogue, under a name of its own, in us-east-1 as CloudFront demands. The API itself is not
 * behind it: the service must see the client's address, and CloudFront's addresses change.
 */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { settings: Settings; name: string }) {
    super(scope, id, props)
    const { settings, name } = props
    const { zoneId, zoneName, api } = settings.domain
    const zone = route53.HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId: zoneId, zoneName })
    const origin = new origins.HttpOrigin(api, {
      protocolPolicy: cf.OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [cf.OriginSslPolicy.TLS_V1_2],
      readTimeout: Duration.seconds(10),
      keepaliveTimeout: Duration.seconds(30),
    })
    const cached: cf.BehaviorOptions = {
      origin,
      allowedMethods: cf.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      cachedMethods: cf.CachedMethods.CACHE_GET_HEAD,
      viewerProtocolPolicy: cf.ViewerProtocolPolicy.HTTPS_ONLY,
      compress: true,
      cachePolicy: new cf.CachePolicy(this, 'ByTheService', {
        comment: 'As long as the service says, and never what it does not mark',
        minTtl: Duration.seconds(0),
        defaultTtl: Duration.seconds(0),
        maxTtl: Duration.hours(1),
        queryStringBehavior: cf.CacheQueryStringBehavior.allowList(...paging),
        headerBehavior: cf.CacheHeaderBehavior.none(),
        cookieBehavior: cf.CacheCookieBehavior.none(),
        enableAcceptEncodingBrotli: true,
        enableAcceptEncodingGzip: true,
      }),
      responseHeadersPolicy: new cf.ResponseHeadersPolicy(this, 'Origins', {
        comment: 'The origin of a request is no part of what is cached, so CloudFront answers it itself',
        corsBehavior: {
          accessControlAllowCredentials: false,
          accessControlAllowHeaders: ['If-None-Match'],
          accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS'],
          accessControlAllowOrigins: settings.allowedOrigins,
          accessControlExposeHeaders: ['ETag'],
          accessControlMaxAge: Duration.hours(1),
          originOverride: true,
        },
      }),
    }
    const nothingElse = new cf.Function(this, 'NothingElse', {
      runtime: cf.FunctionRuntime.JS_2_0,
      code: cf.FunctionCode.fromInline(
        "function handler() { return { statusCode: 404, statusDescription: 'Not Found' } }",
      ),
    })
    const distribution = new cf.Distribution(this, 'Distribution', {
      comment: 'MANAS360: the public catalogue',
      domainNames: [name],
      certificate: new acm.Certificate(this, 'Certificate', {
        domainName: name,
        validation: acm.CertificateValidation.fromDns(zone),
      }),
      minimumProtocolVersion: cf.SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: cf.HttpVersion.HTTP2_AND_3,
      priceClass: cf.PriceClass.PRICE_CLASS_200,
      webAclId: createFirewall(this, 'CLOUDFRONT').attrArn,
      logBucket: createLogBucket(this, 'Logs'),
      defaultBehavior: {
        origin,
        cachePolicy: cf.CachePolicy.CACHING_DISABLED,
        viewerProtocolPolicy: cf.ViewerProtocolPolicy.HTTPS_ONLY,
        functionAssociations: [{ function: nothingElse, eventType: cf.FunctionEventType.VIEWER_REQUEST }],
      },
      additionalBehaviors: Object.fromEntries(publicPaths.map((path) => [path, cached])),
    })
    const target = route53.RecordTarget.fromAlias(new targets.CloudFrontTarget(distribution))
    new route53.ARecord(this, 'Address', { zone, recordName: `${name}.`, target })
    new route53.AaaaRecord(this, 'Address6', { zone, recordName: `${name}.`, target })
  }
}
