/**
 * US dollars in us-east-1, on demand, without taxes, support, discounts and traffic to the internet. Read on 28
 * November 2026 from public tables that quote the list (of March to June 2026), not from the provider's own page: check
 * them before use.
 */
export const priceDate = '28 November 2026'

export const prices = {
  hoursOfMonth: 730,
  /** Fargate, Linux on ARM: an hour of a vCPU and of a GB. */
  vcpuHour: 0.03238,
  gigabyteHour: 0.00356,
  /** RDS for PostgreSQL in one zone; with a standby in another, twice that. 16 GiB of memory for each two vCPUs. */
  databaseClasses: [
    { name: 'db.r6g.large', vcpus: 2, memoryGb: 16, hour: 0.25 },
    { name: 'db.r6g.xlarge', vcpus: 4, memoryGb: 32, hour: 0.5 },
    { name: 'db.r6g.2xlarge', vcpus: 8, memoryGb: 64, hour: 1 },
    { name: 'db.r6g.4xlarge', vcpus: 16, memoryGb: 128, hour: 2 },
    { name: 'db.r6g.8xlarge', vcpus: 32, memoryGb: 256, hour: 4 },
    { name: 'db.r6g.16xlarge', vcpus: 64, memoryGb: 512, hour: 8 },
  ],
  /** gp3, a GB and month, one zone. */
  storageGbMonth: 0.115,
  /** Application load balancer: an hour, and an hour of a capacity unit (25 new connections a second, or 1 GB an hour). */
  balancerHour: 0.0225,
  capacityUnitHour: 0.008,
  /** ElastiCache Serverless for Valkey: a million units of a command and 1 KB, and a GB for an hour. */
  millionCommands: 0.0023,
  cacheGbHour: 0.084,
} as const
