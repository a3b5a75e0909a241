import type { TestProject } from 'vitest/node'
import { keptServers, startServers, stopServer } from './lifecycle.ts'
import type { Server } from './server.ts'
import { standardServers } from './spec.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Numbers of the standard servers by name. */
    servers: Record<string, number>
  }
}

/** Starts the standard servers for one run of the server suite; uses and keeps those of `npm run servers -- up`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (text: string): void => project.vitest.logger.log(`servers: ${text}`)
  const kept = keptServers()
  const isKept = (name: string): boolean => kept.some((server) => server.name === name)
  const own = await startServers(
    standardServers.filter((spec) => !isKept(spec.name)),
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
  project.provide('servers', Object.fromEntries(all.map((server) => [server.name, server.number])))
  return remove
}
