/** Selects the instances of the dashboard's variable. */
export const all = 'job="manas360", instance=~"$instance"'
export const rate = (metric: string, more = '') =>
  `rate(${metric}{${[all, more].filter(Boolean).join(', ')}}[$__rate_interval])`
export const quantile = (q: number, histogram: string, more = '', by = 'le') =>
  `histogram_quantile(${q}, sum by (${by}) (${rate(`${histogram}_bucket`, more)}))`
export const quantiles = (histogram: string, more = '') => ({
  'half within': quantile(0.5, histogram, more),
  '95 % within': quantile(0.95, histogram, more),
  '99 % within': quantile(0.99, histogram, more),
})
export const served = 'route!~"/live|/ready|/health|/metrics"'
