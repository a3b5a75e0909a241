/** Python packages and virtual environments for tests, without a network: wheels that the test writes itself. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

/** The interpreter that the kit finds on this machine. */
export const PYTHON = '/usr/bin/python3'

let version: string | undefined

/** The `pyvenv.cfg` of an environment that fits the machine. */
export function environmentConfig(recorded?: string): string {
  version ??= execFileSync(PYTHON, ['-c', 'import platform; print(platform.python_version())'], {
    encoding: 'utf8',
  }).trim()
  return `home = /usr/bin\ninclude-system-site-packages = false\nversion = ${recorded ?? version}\n`
}

const builder = `
import sys, zipfile
folder, name, version, requires = sys.argv[1:5]
info = "%s-%s.dist-info/" % (name, version)
files = {
    name + ".py": "VERSION = %r\\ndef main():\\n    print(VERSION)\\n" % version,
    info + "METADATA": "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n%s" % (name, version, requires and "Requires-Dist: %s\\n" % requires),
    info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    info + "entry_points.txt": "[console_scripts]\\n%s = %s:main\\n" % (name, name),
}
record = "".join("%s,,\\n" % one for one in files) + info + "RECORD,,\\n"
with zipfile.ZipFile("%s/%s-%s-py3-none-any.whl" % (folder, name, version), "w") as wheel:
    for one, text in files.items(): wheel.writestr(one, text)
    wheel.writestr(info + "RECORD", record)
`

/** Writes a wheel: a module NAME, and a script NAME that prints its version. */
export function writeWheel(folder: string, name: string, number: string, requires = ''): void {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  execFileSync(PYTHON, ['-c', builder, folder, name, number, requires])
  chmodSync(join(folder, `${name}-${number}-py3-none-any.whl`), 0o644)
}

/** A pip.conf that looks for packages in this folder alone. */
export function pipConfig(folder: string): string {
  return `[global]\nno-index = true\nfind-links = ${folder}\n`
}
