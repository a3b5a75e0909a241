# --- Append-only files: the audit, the output of operations
#
# A full disk, a power cut or a killed process can cut the last line off. The next writer ends it with TORN. It was never
# reported, so readers skip it.
readonly TORN=$'\ttorn'

# line_is_torn FILE: status 0 if the last line was cut off.
line_is_torn() {
  local last
  IFS= read -r -d '' last < <(exec tail -c 1 -- "$1" 2>/dev/null) && return 0 # a NUL, from a power cut
  [[ $last != '' && $last != $'\n' ]]
}

# append_line FILE LINE: append a whole line, safe against other writers; on disk on status 0.
append_line() {
  local file=$1 fd lead='' status=1 paths=("$1")
  [[ -e $file ]] || paths+=("${file%/*}")
  while { exec {fd}>>"$file"; } 2>/dev/null; do
    flock -w 10 "$fd" || break
    # The file may have been rotated while we waited for the lock.
    [[ /proc/self/fd/$fd -ef $file ]] || { exec {fd}>&-; continue; }
    ! line_is_torn "$file" || lead=$TORN$'\n'
    { printf '%s%s\n' "$lead" "$2" >&"$fd"; } 2>/dev/null && sync_paths "${paths[@]}" && status=0
    break
  done
  [[ ${fd-} == '' ]] || exec {fd}>&-
  return "$status"
}
