import { ArnFormat, aws_logs as logs, RemovalPolicy, type Stack, aws_wafv2 as waf } from 'aws-cdk-lib'

/** Requests of one address in 5 minutes; the service's own limits are far lower, and know more. */
const floodLimit = 20_000

/**
 * Rules of the common set that count and do not block. Bodies here are JSON, bounded and checked by the service: a password
 * or a name may look like a script, a return URL is a URL, and programs need no User-Agent.
 */
const counted = [
  'NoUserAgent_HEADER',
  'SizeRestrictions_BODY',
  'CrossSiteScripting_BODY',
  'GenericRFI_BODY',
  'GenericRFI_QUERYARGUMENTS',
  'EC2MetaDataSSRF_BODY',
]

/** A firewall of managed rules and a bound on floods, with its log; tokens stand in no line of it. */
export function createFirewall(scope: Stack, scopeOf: 'REGIONAL' | 'CLOUDFRONT'): waf.CfnWebACL {
  const watched = (name: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: false,
    metricName: `manas360-${name}`,
  })
  const managed = (priority: number, name: string, overrides: string[] = []): waf.CfnWebACL.RuleProperty => ({
    name,
    priority,
    overrideAction: { none: {} },
    visibilityConfig: watched(name),
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: overrides.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
  })
  const acl = new waf.CfnWebACL(scope, 'Firewall', {
    scope: scopeOf,
    defaultAction: { allow: {} },
    visibilityConfig: watched('firewall'),
    rules: [
      {
        name: 'Flood',
        priority: 0,
        action: { block: { customResponse: { responseCode: 429 } } },
        visibilityConfig: watched('flood'),
        statement: { rateBasedStatement: { limit: floodLimit, aggregateKeyType: 'IP', evaluationWindowSec: 300 } },
      },
      managed(1, 'AWSManagedRulesAmazonIpReputationList'),
      managed(2, 'AWSManagedRulesKnownBadInputsRuleSet'),
      managed(3, 'AWSManagedRulesCommonRuleSet', counted),
    ],
  })
  const log = new logs.LogGroup(scope, 'FirewallLog', {
    // The name must begin so.
    logGroupName: `aws-waf-logs-manas360-${scopeOf.toLowerCase()}`,
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  new waf.CfnLoggingConfiguration(scope, 'FirewallLogging', {
    resourceArn: acl.attrArn,
    logDestinationConfigs: [
      scope.formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: log.logGroupName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    redactedFields: [
      ...['authorization', 'cookie', 'x-api-key'].map((name) => ({ singleHeader: { Name: name } })),
      { queryString: {} },
    ],
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [
        {
          Behavior: 'KEEP',
          Requirement: 'MEETS_ANY',
          Conditions: [{ ActionCondition: { Action: 'BLOCK' } }, { ActionCondition: { Action: 'COUNT' } }],
        },
      ],
    },
  })
  return acl
}
