/** Starts a bundle with a stand-in for Electron, which becomes ready once the bundle has been evaluated. */
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const standIn = new URL('./electron-stand-in.mjs', import.meta.url).href

registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context)),
})

const [, , bundle] = process.argv
process.argv.splice(1, 1)
await import(pathToFileURL(bundle).href)
const { becomeReady } = await import(standIn)
becomeReady()
