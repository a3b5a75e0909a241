/** Writes down what the page is made of (`dist/page-files.json`), after it was built. Only what is listed is served. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { pageList } from '../src-main/electron/page-files.ts'

const dist = resolve(import.meta.dirname, '../dist')
const page = join(dist, 'renderer')
const files = readdirSync(page, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(page, join(entry.parentPath, entry.name)).split(sep).join('/'))
  .sort()
// A kind of file that nobody expected breaks the build, not the window.
writeFileSync(join(dist, 'page-files.json'), `${JSON.stringify(pageList.parse(files), null, 1)}\n`)
