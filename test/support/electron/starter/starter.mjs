/** Starts the program that is named, as Electron's own starter does: the older runtime comes without one. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const named = process.argv.slice(1).find((word) => !word.startsWith('-'))
await import(pathToFileURL(resolve(named)).href)
