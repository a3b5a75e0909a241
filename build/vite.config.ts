import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const root = resolve(import.meta.dirname, '..')

/** The window's page: one HTML file with one script and one style sheet, nothing inline, nothing from other origins. */
export default defineConfig({
  root: resolve(root, 'src-renderer'),
  base: './',
  plugins: [react()],
  build: {
    outDir: resolve(root, 'dist/renderer'),
    emptyOutDir: true,
    target: 'chrome140',
    // An inlined asset would be a data: URL, which the page's policy allows for images only.
    assetsInlineLimit: 0,
    // The polyfill is an inline script.
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    sourcemap: false,
    reportCompressedSize: false,
    // A single script is intended: it comes from this computer. A test limits its size
    // (test/unit/window/bundle.test.ts).
    chunkSizeWarningLimit: 2000,
  },
})
