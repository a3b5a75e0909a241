/**
 * Renders the icons from their drawings: PNGs for Linux, `icon.ico` for Windows, `icon.icns` for macOS. Run it after
 * changing a drawing (`npm run icons`; needs rsvg-convert, Debian: librsvg2-bin). The results are in git, so that
 * builds do not need it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { icns, ico } from './containers.ts'

const here = import.meta.dirname
const linux = [16, 24, 32, 48, 64, 128, 256, 512]
const windows = [16, 24, 32, 48, 64, 128, 256]
/** Apple's type code by size. */
const apple = { 16: 'icp4', 32: 'icp5', 64: 'icp6', 128: 'ic07', 256: 'ic08', 512: 'ic09', 1024: 'ic10' }

function draw(size: number): Buffer {
  const drawing = join(here, size <= 24 ? 'icon-small.svg' : 'icon.svg')
  return execFileSync('rsvg-convert', ['--width', String(size), '--height', String(size), drawing])
}

mkdirSync(join(here, 'png'), { recursive: true })
for (const size of linux) writeFileSync(join(here, 'png', `${size}x${size}.png`), draw(size))
writeFileSync(join(here, 'icon.ico'), ico(windows.map((size) => ({ size, png: draw(size) }))))
const parts = Object.entries(apple).map(([size, type]) => ({ type, png: draw(Number(size)) }))
writeFileSync(join(here, 'icon.icns'), icns(parts))
