import type { TestProject } from 'vitest/node'
import { keptServers, startServers, stopServer } from './lifecycle.ts'
import type { Server } from './server.ts'
import { standardServers } from './spec.ts'

/** The numbers of one set of standard servers, by name. */
export type ServerSet = Readonly<Record<string, number>>

declare module 'vitest' {
  interface ProvidedContext {
    /** One set for each worker. */
    servers: readonly ServerSet[]
  }
}

/**
 * Starts the standard servers for one run of the server suite, as often as files run at a time; uses and keeps those of
 * `npm run servers -- up`.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (text: string): void => project.vitest.logger.log(`servers: ${text}`)
  const kept = keptServers()
  const isKept = (name: string): boolean => kept.some((server) => server.name === name)
  const sets = Number(project.config.maxWorkers)
  const own = await startServers(
    Array.from({ length: sets }, (_, set) => standardServers.filter((spec) => set > 0 || !isKept(spec.name))).flat(),
    { say },
  )
  const remove = async (): Promise<void> => {
    await Promise.all(own.map((server) => stopServer(server.number)))
  }
  const all: Server[] = [...kept, ...own]
  try {
    for (const server of kept) {
      say(`uses ${server.name}, which is up`)
      await server.reset()
    }
  } catch (error) {
    await remove()
    throw error
  }
  project.provide(
    'servers',
    Array.from({ length: sets }, (_, set) =>
      Object.fromEntries(
        standardServers.map(({ name }) => [name, all.filter((server) => server.name === name)[set]?.number ?? 0]),
      ),
    ),
  )
  return remove
}
