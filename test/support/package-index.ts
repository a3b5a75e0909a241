/** An index of Python packages on a test server, which has no other: Debian's own packages as wheels, and one of ours. */
import { alongside } from './server-faults.ts'
import type { Server } from './servers/server.ts'
import { waitUntil } from './wait.ts'

const folder = '/srv/index'
const url = 'http://127.0.0.1:8099/simple/'

// A wheel is an archive with a list of its files; pip installs it without running anything of it.
const makeWheels = `import base64, hashlib, json, os, sys, zipfile
def wheel(name, version, top, files, requires, scripts):
    stem = name.replace("-", "_") + "-" + version
    info = stem + ".dist-info/"
    files = dict(files)
    files[info + "METADATA"] = "\\n".join(["Metadata-Version: 2.1", "Name: " + name, "Version: " + version,
        *("Requires-Dist: " + one for one in requires)]) + "\\n"
    files[info + "WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    if scripts: files[info + "entry_points.txt"] = "[console_scripts]\\n" + "".join(one + "\\n" for one in scripts)
    record = ""
    for path, data in files.items():
        if isinstance(data, str): files[path] = data = data.encode()
        record += path + ",sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=") + "," + str(len(data)) + "\\n"
    files[info + "RECORD"] = (record + info + "RECORD,,\\n").encode()
    place = top + "/simple/" + name.lower()
    os.makedirs(place)
    file = stem + "-py3-none-any.whl"
    with zipfile.ZipFile(place + "/" + file, "w") as archive:
        for path, data in files.items(): archive.writestr(path, data)
    digest = hashlib.sha256(open(place + "/" + file, "rb").read()).hexdigest()
    open(place + "/index.html", "w").write('<!DOCTYPE html><html><body><a href="%s#sha256=%s">%s</a></body></html>' % (file, digest, file))

def installed(package):
    source = "/usr/lib/python3/dist-packages"
    for folder, _, names in os.walk(source + "/" + package):
        for name in names:
            # Without what is compiled: it is not needed, and belongs to one version of python.
            if not name.endswith((".pyc", ".so")):
                path = os.path.join(folder, name)
                yield os.path.relpath(path, source), open(path, "rb").read()

top = sys.argv[1]
for name, version, requires, scripts, text in json.load(sys.stdin):
    files = {name.replace("-", "_") + ".py": text} if text else installed(name.lower())
    wheel(name, version, top, files, requires, scripts)
`

type Wheel = readonly [
  name: string,
  version: string,
  requires: readonly string[],
  scripts: readonly string[],
  text: string,
]

/** What the application names in its requirements.txt, and what that needs. */
const wheels: readonly Wheel[] = [
  ['Flask', '2.2.2', ['Werkzeug>=2.2.2', 'Jinja2>=3.0', 'itsdangerous>=2.0', 'click>=8.0'], [], ''],
  ['Werkzeug', '2.2.2', ['MarkupSafe>=2.1.1'], [], ''],
  ['Jinja2', '3.1.2', ['MarkupSafe>=2.0'], [], ''],
  ['MarkupSafe', '2.1.2', [], [], ''],
  ['itsdangerous', '2.1.2', [], [], ''],
  ['click', '8.1.3', [], [], ''],
  ['gunicorn', '20.1.0.post1', ['setuptools>=3.0'], ['gunicorn = gunicorn.app.wsgiapp:run'], ''],
  ['cvd-labels', '1.0', [], [], 'LABEL = "a label"\n'],
]

/** Serves the index until disposed, and has pip use it. */
export async function packageIndex(server: Server): Promise<AsyncDisposable> {
  await server.must(`rm -rf ${folder} && mkdir -p ${folder}`)
  await server.writeFile(`${folder}/wheels.py`, makeWheels)
  await server.must(`python3 -I ${folder}/wheels.py ${folder}`, { stdin: JSON.stringify(wheels) })
  await server.writeFile('/etc/pip.conf', `[global]\nindex-url = ${url}\n`)
  const running = await alongside(
    server,
    'index',
    `exec python3 -m http.server --bind 127.0.0.1 --directory ${folder} 8099`,
  )
  await waitUntil('the index', async () => (await server.run(`curl -sf -o /dev/null ${url}`)).code === 0)
  return {
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]()
      await server.must(`rm -rf ${folder} /etc/pip.conf`)
    },
  }
}
