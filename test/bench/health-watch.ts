/**
 * `node health-watch.ts URL|unix:SOCKET:PATH`: probes every 20 ms, one request at a time, and prints each change as
 * `up MS` or `down MS` (milliseconds since 1970 of the answer, or of the failure). Ends when its stdin ends.
 */
import { type RequestOptions, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const everyMs = 20

function target(probe: string): RequestOptions {
  if (!probe.startsWith('unix:')) {
    const { hostname, port, pathname } = new URL(probe)
    return { hostname, port, path: pathname }
  }
  const [, socketPath = '', path = '/'] = probe.split(':')
  return { socketPath, path }
}

/** True for an answer of 200 within a second. */
function ask(options: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ ...options, agent: false, timeout: 1000 }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode === 200))
      answer.on('error', () => resolve(false))
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(false))
    call.end()
  })
}

const options = target(process.argv[2] ?? '')
process.stdin.resume().on('end', () => process.exit(0))
let last: boolean | null = null
for (;;) {
  const up = await ask(options)
  const now = Date.now()
  if (up !== last) process.stdout.write(`${up ? 'up' : 'down'} ${now}\n`)
  last = up
  await pause(everyMs)
}
