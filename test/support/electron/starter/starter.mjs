/**
 * Starts the named program like Electron's own starter, which the older runtime lacks. Loads the modules given with
 * `-r` first.
 */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const flag = process.argv.indexOf('-r')
if (flag > 0) createRequire(import.meta.url)(process.argv[flag + 1])
const named = process.argv.slice(1).find((word) => !word.startsWith('-'))
await import(pathToFileURL(resolve(named)).href)
