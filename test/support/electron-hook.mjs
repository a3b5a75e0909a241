/** Loaded before a bundle: gives it a stand-in where it asks for Electron. */
import { registerHooks } from 'node:module'

const standIn = new URL('./electron-stand-in.mjs', import.meta.url).href

registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context)),
})
