/** Width of the empty border in modules (ISO/IEC 18004 9.1: "4X"). */
const quietZone = 4

/**
 * A text as a QR code in SVG: black on white, with attributes and no style, so that a strict Content-Security-Policy allows it. The
 * encoder is loaded at first use.
 */
export async function toQrSvg(text: string): Promise<string> {
  const { default: encodeQr } = await import('qr')
  const modules = encodeQr(text, 'raw', { ecc: 'medium', border: quietZone })
  const size = modules.length
  const lines = modules.flatMap((row, y) => runsOf(row).map(([x, width]) => `M${x} ${y}h${width}v1H${x}z`))
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${lines.join('')}"/></svg>`
  )
}

/** The runs of dark modules in a row. */
function runsOf(row: readonly boolean[]): [start: number, width: number][] {
  const runs: [number, number][] = []
  for (const [x, isDark] of row.entries()) {
    if (!isDark) continue
    const last = runs.at(-1)
    if (last && last[0] + last[1] === x) last[1]++
    else runs.push([x, 1])
  }
  return runs
}
