import { createConnection } from 'node:net'
import { command, must } from '../command.ts'

/** Name of the network namespace, and of the host's end of the cable. */
export function networkName(number: number): string {
  return `cvdtest-${number}`
}

export function serverAddress(number: number): string {
  return `10.213.${number}.2`
}

/** Creates a network namespace with one cable to this machine and no other route. */
export async function makeNetwork(number: number): Promise<void> {
  const name = networkName(number)
  await must('ip', ['netns', 'add', name])
  await must('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'host0', 'netns', name])
  await must('ip', ['addr', 'add', `10.213.${number}.1/30`, 'dev', name])
  await must('ip', ['link', 'set', name, 'up'])
  await must('ip', ['-n', name, 'addr', 'add', `${serverAddress(number)}/30`, 'dev', 'host0'])
  await must('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  await must('ip', ['-n', name, 'link', 'set', 'host0', 'up'])
}

/** Pulls or plugs the cable at the server's end: packets are dropped silently. */
export async function setLink(number: number, state: 'up' | 'down'): Promise<void> {
  await must('ip', ['-n', networkName(number), 'link', 'set', 'host0', state])
}

/** Removes what `makeNetwork` created; ignores what is missing. */
export async function removeNetwork(number: number): Promise<void> {
  await command('ip', ['link', 'del', networkName(number)])
  await command('ip', ['netns', 'del', networkName(number)])
}

/** Whether an SSH server answers there. */
export function hasBanner(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 2000 })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', (data: Buffer) => end(data.toString().startsWith('SSH-')))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
}
