/** Bundles the preload script into one CommonJS file, because sandboxed pages cannot load modules. */
import { resolve } from 'node:path'
import { defineConfig } from 'vite'

const root = resolve(import.meta.dirname, '..')

export default defineConfig({
  root,
  publicDir: false,
  build: {
    outDir: resolve(root, 'dist/preload'),
    emptyOutDir: true,
    target: 'chrome140',
    minify: false,
    sourcemap: false,
    lib: { entry: resolve(root, 'src-main/entry/preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
})
