/** Aborts at the first SIGTERM, SIGINT or SIGHUP; a second one ends the process at once. */
export function signalToStop(): AbortSignal {
  const controller = new AbortController()
  let askedAt: number | undefined
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(name, () => {
      // Under npx and bun run one Ctrl-C arrives twice: from the terminal, and forwarded by them.
      const isEcho = name === 'SIGINT' && askedAt !== undefined && performance.now() - askedAt < 500
      if (askedAt !== undefined && !isEcho) process.exit(1)
      askedAt ??= performance.now()
      controller.abort()
    })
  return controller.signal
}
