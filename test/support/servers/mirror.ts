import { readdirSync, readFileSync } from 'node:fs'
import { command } from '../command.ts'

export interface Mirror {
  readonly uri: string
  readonly keyring: string | undefined
}

interface Source {
  readonly uris: string[]
  readonly suites: string[]
  readonly keyring: string | undefined
}

/** `Types:`/`URIs:` paragraphs of a `.sources` file. */
function readDeb822(text: string): Source[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => {
      const fields = new Map<string, string>()
      for (const line of paragraph.split('\n')) {
        const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line)
        if (match) fields.set((match[1] ?? '').toLowerCase(), match[2] ?? '')
      }
      return fields
    })
    .filter((fields) => fields.get('types')?.split(/\s+/).includes('deb') && fields.get('enabled') !== 'no')
    .map((fields) => ({
      uris: (fields.get('uris') ?? '').split(/\s+/),
      suites: (fields.get('suites') ?? '').split(/\s+/),
      keyring: fields.get('signed-by'),
    }))
}

/** `deb [options] URI SUITE …` lines of a `.list` file. */
function readList(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/.exec(line)
    if (!match) return []
    const keyring = /signed-by=(\S+)/.exec(match[1] ?? '')?.[1]
    return [{ uris: [match[2] ?? ''], suites: [match[3] ?? ''], keyring }]
  })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function sources(): Source[] {
  const folder = '/etc/apt/sources.list.d'
  let names: string[] = []
  try {
    names = readdirSync(folder).sort()
  } catch {
    // A machine may have only one of the files.
  }
  return [
    ...readList(read('/etc/apt/sources.list')),
    ...names.flatMap((name) => {
      if (name.endsWith('.sources')) return readDeb822(read(`${folder}/${name}`))
      return name.endsWith('.list') ? readList(read(`${folder}/${name}`)) : []
    }),
  ]
}

/** The mirror that this Debian machine installs from. Throws if there is none that debootstrap can use. */
export function machineMirror(): Mirror {
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(read('/etc/os-release'))?.[1] ?? ''
  for (const source of sources()) {
    const uri = source.uris.find((one) => /^https?:/.test(one))
    if (uri && source.suites.includes(codename)) {
      return { uri, keyring: source.keyring?.startsWith('/') ? source.keyring : undefined }
    }
  }
  throw new Error(`no http mirror for ${codename || 'this system'} in /etc/apt`)
}

/** The environment that makes debootstrap download like apt. */
export async function mirrorEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { stdout } = await command('apt-config', ['dump', 'Acquire::http::Proxy'])
  const proxy = /^Acquire::http::Proxy "(.+)";/m.exec(stdout)?.[1]
  return proxy && proxy !== 'DIRECT' ? { ...process.env, http_proxy: proxy } : process.env
}
