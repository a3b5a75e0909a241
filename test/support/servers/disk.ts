/** What limits the disk under a folder of a server, run in it. The application is stopped meanwhile where it is in there. */
import { quote } from './quote.ts'

const stopApplication = `s=; case $d in /opt/cvd | /opt/cvd/data*) s=cvd; systemctl stop cvd ;; esac`
const startApplication = `if [ -n "$s" ]; then systemctl start cvd; fi`

/** Puts the folder, with what is in it, on a file system of its own, in memory. */
export function limit(folder: string, bytes: number): string {
  return `set -e; d=${quote(folder)}; t=$(mktemp -d)
${stopApplication}
mount -t tmpfs -o size=${Math.round(bytes)},mode=$(stat -c %a "$d"),uid=$(stat -c %u "$d"),gid=$(stat -c %g "$d") limited "$t"
cp -a "$d/." "$t/"
mount --move "$t" "$d" 2>/dev/null || { mount --bind "$t" "$d" && umount "$t"; }
rmdir "$t"
${startApplication}`
}

/** Takes that away; what is in the folder stays. */
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
