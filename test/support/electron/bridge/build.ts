/** Builds the main process as shipped, or bridged for the older runtime: never into `dist`. */
import { join, resolve } from 'node:path'
import { build, type InlineConfig, type Plugin } from 'vite'
import shipped from '../../../../build/vite.main.ts'

const bridges: Readonly<Record<string, string>> = {
  electron: join(import.meta.dirname, 'electron.mjs'),
  'better-sqlite3': join(import.meta.dirname, 'sqlite.ts'),
  'node:fs/promises': join(import.meta.dirname, 'fs-promises.ts'),
}

/** A bridge module itself imports the real one. */
const bridge: Plugin = {
  name: 'bridge',
  enforce: 'pre',
  resolveId: (name, importer) => {
    const to = bridges[name]
    if (to === undefined) return null
    return importer?.startsWith(import.meta.dirname) ? { id: name, external: true } : to
  },
}

export async function buildMain(outDir: string, older: boolean): Promise<void> {
  const common = { configFile: false, logLevel: 'silent' } as const
  const { rolldownOptions, ...rest } = shipped.build ?? {}
  if (!older) {
    await build({ ...shipped, ...common, build: { ...shipped.build, outDir: resolve(outDir), emptyOutDir: true } })
    return
  }
  const left = ((rolldownOptions?.external ?? []) as (string | RegExp)[])
    .filter((one) => typeof one === 'string' && !(one in bridges) && !(`node:${one}` in bridges))
    .concat(/^node:(?!fs\/promises$)/)
  const config: InlineConfig = {
    ...shipped,
    ...common,
    plugins: [bridge, ...(shipped.plugins ?? [])],
    ssr: { noExternal: true, external: ['ssh2'] },
    build: {
      ...rest,
      outDir: resolve(outDir),
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { ...rolldownOptions, external: left },
    },
  }
  await build(config)
}
