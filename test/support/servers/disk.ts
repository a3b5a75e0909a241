/** Scripts that limit the disk under a folder of a server. They stop the application while its database is moved. */
import { quote } from './quote.ts'

const stopApplication = `s=; case $d in /opt/cvd | /opt/cvd/data*) s=cvd; systemctl stop cvd ;; esac`
const startApplication = `if [ -n "$s" ]; then systemctl start cvd; fi`

/** Moves the folder to its own file system, in memory. */
export function limit(folder: string, bytes: number): string {
  return `set -e; d=${quote(folder)}; t=$(mktemp -d)
${stopApplication}
mount -t tmpfs -o size=${Math.round(bytes)},mode=$(stat -c %a "$d"),uid=$(stat -c %u "$d"),gid=$(stat -c %g "$d") limited "$t"
cp -a "$d/." "$t/"
mount --move "$t" "$d" 2>/dev/null || { mount --bind "$t" "$d" && umount "$t"; }
rmdir "$t"
${startApplication}`
}

/** Undoes that; the folder's contents stay. */
export function release(folder: string): string {
  return `set -e; d=${quote(folder)}; t=$(mktemp -d)
${stopApplication}
cp -a "$d/." "$t/"
# Whoever worked there may be about to leave.
for turn in $(seq 50); do ! umount "$d" || break; [ "$turn" -lt 50 ]; sleep 0.1; done
find "$d" -mindepth 1 -delete
cp -a "$t/." "$d/"; rm -rf "$t"
${startApplication}`
}
