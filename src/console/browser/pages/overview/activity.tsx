import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Bars } from '../../parts/bars.tsx'
import { Plot } from '../../parts/plot.tsx'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { daysOf, type Range, sumOf, valuesOf } from './range.ts'
import { useOverviewTexts } from './texts.ts'

/** Registrations, sign-ins and failed sign-ins by day. */
export function Activity({ range, of }: { range: Range; of: string }) {
  const t = useOverviewTexts()
  const format = useFormat()
  const signUps = useAnswer(
    `signups ${of}`,
    () => readApi(() => client.v1.admin.analytics.signups.$get({ query: range })),
    'keep',
  )
  const security = useAnswer(
    `security ${of}`,
    () => readApi(() => client.v1.admin.analytics.security.$get({ query: range })),
    'keep',
  )
  // The days of the answer shown, which may be of the range before.
  const days = daysOf(signUps.data ?? range)
  const secureDays = daysOf(security.data ?? range)
  const came = signUps.data && valuesOf(days, signUps.data.days, (one) => one.signUps)
  const logIns = signUps.data && valuesOf(days, signUps.data.days, (one) => one.logIns)
  const failures = security.data && valuesOf(secureDays, security.data.days, (one) => one.failures)
  const inAll = (values: readonly number[]) => t.inAll(format.number(sumOf(values)))
  return (
    <>
      <Problem key="sign-ups-failed" failure={signUps.failure} retry={signUps.reload} />
      {came && (
        <Plot
          key="sign-ups"
          title={t.signUps}
          summary={inAll(came)}
          days={days}
          series={[{ label: t.signUps, values: came }]}
        />
      )}
      {logIns && (
        <Plot
          key="log-ins"
          title={t.logIns}
          summary={inAll(logIns)}
          days={days}
          series={[{ label: t.logIns, values: logIns }]}
        />
      )}
      <Problem key="security-failed" failure={security.failure} retry={security.reload} />
      {failures && security.data && (
        <Plot
          key="failures"
          title={t.failures}
          summary={inAll(failures)}
          days={secureDays}
          series={[
            { label: t.failedLogIns, values: failures },
            { label: t.lockouts, values: valuesOf(secureDays, security.data.days, (one) => one.lockouts) },
            { label: t.reuse, values: valuesOf(secureDays, security.data.days, (one) => one.reuse) },
          ]}
        >
          {security.data.addresses.length > 0 && (
            <details key="addresses">
              <summary>{t.addresses}</summary>
              <Bars
                label={t.addresses}
                columns={[t.address, t.failedLogIns]}
                bars={security.data.addresses.map(({ ipAddress, failures: count }) => ({
                  name: ipAddress,
                  value: count,
                  texts: [format.number(count)],
                }))}
              />
            </details>
          )}
        </Plot>
      )}
    </>
  )
}
