/**
 * Starts the program that is named, as Electron's own starter does: the older runtime comes without one. What `-r` names is
 * loaded before.
 */
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const flag = process.argv.indexOf('-r')
if (flag > 0) createRequire(import.meta.url)(process.argv[flag + 1])
const named = process.argv.slice(1).find((word) => !word.startsWith('-'))
await import(pathToFileURL(resolve(named)).href)
