import { type Brand, fillsOf, surfaces } from '../brand/brand.ts'
import stylePath from './browser/account.css' with { type: 'file' }
import scriptPath from './browser/account.js' with { type: 'file' }

/** The files of the pages. Their names hold the hash of their content, so that browsers may cache them for good. */
type Assets = { script: Asset; style: Asset }
type Asset = { name: string; body: string; type: string }

const kept = new WeakMap<Brand, Promise<Assets>>()

/** The script and the style sheet in the brand's colours; read once. */
export function assetsFor(brand: Brand): Promise<Assets> {
  const known = kept.get(brand)
  if (known) return known
  const read = readAssets(brand)
  kept.set(brand, read)
  return read
}

async function readAssets(brand: Brand): Promise<Assets> {
  const [script, style] = await Promise.all([Bun.file(scriptPath).text(), Bun.file(stylePath).text()])
  return {
    script: asset('js', 'text/javascript; charset=utf-8', script),
    style: asset('css', 'text/css; charset=utf-8', `${colors(brand)}${style}`),
  }
}

function asset(extension: string, type: string, body: string): Asset {
  const hash = new Bun.CryptoHasher('sha256').update(body).digest('hex').slice(0, 16)
  return { name: `account-${hash}.${extension}`, body, type }
}

function colors({ color }: Brand): string {
  const { light, dark } = fillsOf(color)
  const set = (surface: string, { fill, text }: typeof light) =>
    `--surface:${surface};--brand:${fill};--on-brand:${text}`
  return `:root{${set(surfaces.light, light)}}
@media (prefers-color-scheme:dark){:root{${set(surfaces.dark, dark)}}}
`
}
