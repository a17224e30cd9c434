import { randomBytes } from 'node:crypto'

/** The environment of a deployment. The limiters count, up to numbers that a benchmark does not reach. */
export function productionEnvironment(databaseUrl: string) {
  const secret = () => randomBytes(48).toString('base64')
  const farLimit = '9000000/1m'
  return {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://bench.manas360.test',
    ALLOWED_ORIGINS: 'https://app.manas360.test',
    DATABASE_URL: databaseUrl,
    JWT_SECRET: secret(),
    JWT_REFRESH_SECRET: secret(),
    AUDIT_KEY: secret(),
    DATA_KEY: secret(),
    MAIL: 'off',
    OPS_TOKEN: secret(),
    // Administrators log in as everybody does here: the measured part comes after that.
    REQUIRE_ADMIN_MFA: 'false',
    RATE_LIMIT_GLOBAL: farLimit,
    RATE_LIMIT_AUTH: farLimit,
    RATE_LIMIT_REGISTER: farLimit,
    RATE_LIMIT_PASSWORD: farLimit,
    RATE_LIMIT_MAIL: farLimit,
    RATE_LIMIT_API: farLimit,
  }
}
