/** Name and version of this program, from `package.json`. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const manifest = z.object({ version: z.string() })

export function about(): { readonly name: string; readonly version: string } {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return { name: 'CVD Backup Console', version: manifest.parse(JSON.parse(text)).version }
}
