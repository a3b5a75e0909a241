/** What a server is reset to: its files as they were when it was built, kept beside its file system. */
import { must } from '../command.ts'

const application = 'opt/cvd/app'
const others = [
  'opt/cvd/config',
  'opt/cvd/data/cvd.db',
  'etc/systemd/system/cvd.service',
  'etc/systemd/system/cvd-writer.service',
  'etc/nginx/sites-available/cvd',
]

const keep = `set -eu
cd "$1/root"; kept=$1/pristine; shift
mkdir "$kept"
cp -a --reflink=auto --parents "$@" "$kept"
`

// The virtual environment is large, and hardly ever replaced by another.
const bringBack = `set -eu
root=$1/root app=$2
cd "$1/pristine"; shift 2
files() { find "$1/$app/venv" -name __pycache__ -prune -o ! -type d -printf '%P %s %m %U:%G %l\\n' 2>/dev/null | sort; }
if [ -d "$root/$app/.git" ] && [ "$(files .)" = "$(files "$root")" ]; then
  find "$root/$app" -mindepth 1 -maxdepth 1 ! -name venv ! -name .git -exec rm -rf {} +
  tar -c -C "$app" --exclude=./venv --exclude=./.git . | tar -xp -C "$root/$app"
else
  rm -rf "$root/$app"
  cp -a --reflink=auto "$app" "$root/$app"
fi
for path; do
  rm -rf "$root/$path"
  cp -a --reflink=auto "$path" "$root/$path"
done
`

/** Keeps the files of a server that has just been built. */
export async function keepPristine(folder: string): Promise<void> {
  await must('/bin/sh', ['-c', keep, 'sh', folder, application, ...others])
}

/** Puts them back, with owners and modes. Nothing may be using them. */
export async function bringBackPristine(folder: string): Promise<void> {
  await must('/bin/sh', ['-c', bringBack, 'sh', folder, application, ...others])
}
