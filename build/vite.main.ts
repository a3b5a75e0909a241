/**
 * Bundles the main process into one file: type stripping does not work inside an archive, and one file starts faster
 * than a hundred. Files that it reads from its own folder at run time (the kit's parts, the rules, the migrations) are copied
 * beside it, so that `import.meta.url` finds them both in the sources and in the bundle.
 */
import { cpSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

const root = resolve(import.meta.dirname, '..')

const copies: Readonly<Record<string, string>> = {
  'src-main/kit/bash': 'bash',
  'src-main/kit/rules': 'rules',
  'src-main/store/migrations': 'migrations',
  'build/icons/png': 'icons',
}

function copyBeside(): Plugin {
  let folder = ''
  return {
    name: 'copy-beside',
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir)
    },
    closeBundle: () => {
      for (const [from, to] of Object.entries(copies))
        cpSync(resolve(root, from), resolve(folder, to), { recursive: true })
    },
  }
}

/** Loaded from `node_modules`: they contain native code, or look for it. */
const external = ['electron', 'better-sqlite3', 'ssh2', ...builtinModules, /^node:/]

export default defineConfig({
  root,
  publicDir: false,
  plugins: [copyBeside()],
  ssr: { noExternal: true, external: ['electron', 'better-sqlite3', 'ssh2'] },
  build: {
    ssr: resolve(root, 'src-main/entry/electron.ts'),
    outDir: resolve(root, 'dist/main'),
    emptyOutDir: true,
    target: 'node24',
    minify: false,
    sourcemap: false,
    rolldownOptions: { external, output: { entryFileNames: 'electron.js', codeSplitting: false } },
  },
})
