import { must, type Place, shellWord } from './place.ts'
import type { PlaceSetting } from './setting.ts'
import { median, type Row, seconds } from './table.ts'

const limitMs = 200
const mostProcesses = 20
const logins = 10
const turns = 3

interface Cost {
  /** Processor time of one login on the server, in milliseconds. */
  readonly ms: number
  /** Processes that one login started there. */
  readonly processes: number
}

/** What one look at a usual site costs the server, beside a login that does nothing. Only where there is an sshd. */
export async function benchLook({ place, say, quiet }: PlaceSetting): Promise<Row[]> {
  const { ssh } = place
  if (ssh === undefined) {
    say('look: not measured, this place has no sshd')
    return []
  }
  say(`look: ${logins} at a time`)
  const nothing: Cost[] = []
  const looks: Cost[] = []
  await ssh('inspect') // remembers the versions of the tools
  for (let turn = 0; turn < turns; turn++) {
    await quiet()
    nothing.push(await costOf(place, () => ssh(null)))
    await quiet()
    looks.push(await costOf(place, () => ssh('inspect')))
  }
  const ofAll = (costs: readonly Cost[], key: keyof Cost) => median(costs.map((one) => one[key]))
  const [bare, whole] = [ofAll(nothing, 'ms'), ofAll(looks, 'ms')]
  const ours = whole - bare
  const processes = Math.round(ofAll(looks, 'processes') - ofAll(nothing, 'processes'))
  return [
    {
      ...{
        bench: 'look',
        what: 'processor time of the server',
        baseline: 'ssh and true',
        baselineMs: bare,
        oursMs: ours,
      },
      ...{ ratio: `${(ours / bare).toFixed(1)} x its time`, goal: `≤ ${seconds(limitMs)}`, met: ours <= limitMs },
    },
    {
      ...{ bench: 'look', what: 'processes on the server', baseline: 'ssh and true' },
      ...{ ratio: `${processes} more`, goal: `≤ ${mostProcesses}`, met: processes <= mostProcesses },
    },
  ]
}

/** By the times of sshd's ended children, in ticks of 10 ms, and by the number of the last process. */
async function costOf(place: Place, login: () => Promise<unknown>): Promise<Cost> {
  const before = await counters(place)
  for (let turn = 0; turn < logins; turn++) await login()
  const after = await counters(place)
  return { ms: ((after.ticks - before.ticks) * 10) / logins, processes: (after.pid - before.pid) / logins }
}

async function counters(place: Place): Promise<{ readonly ticks: number; readonly pid: number }> {
  const text = `pid=$(systemctl show --value -p MainPID ssh) && sed 's/^.*) //' /proc/$pid/stat | cut -d ' ' -f 14,15 && cat /proc/sys/kernel/ns_last_pid`
  const [times = '', last = ''] = (await must(place, `bash -c ${shellWord(text)}`)).split('\n')
  const [user = 0, system = 0] = times.split(' ').map(Number)
  return { ticks: user + system, pid: Number(last) }
}
