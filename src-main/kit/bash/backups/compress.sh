# --- Compressing the copy of a database, and reading back what was written ------------------------------------------------

D_COMPRESSOR=''

# compressor_choose UNCHANGED: choose the fastest compressor that writes gzip: the runbook's scripts must be able to read it.
compressor_choose() {
  local one
  for one in ${POLICY[compressor]} igzip pigz gzip; do
    if command -v "$one" >/dev/null; then D_COMPRESSOR=$one; return; fi
  done
  fail missing-tool 'There is no gzip on this server.' "$1" 'install gzip'
}

compress_by_reader() { reader_do compress_and_read_back "$D_COMPRESSOR" "$@" >/dev/null 2>&1; }

# compress_and_read_back TOOL [COPY]: for reader_do. Leaves backup.gz and the hashes of both files, and read-back-equal if
# backup.gz decompresses to the copy.
COPY=copy.db
compress_and_read_back() {
  D_COMPRESSOR=$1 COPY=${2:-copy.db}
  {
    local hashing status
    sha256 <"$COPY" >copy.sha256 &
    hashing=$!
    { compress_copy && compress_settle; } | read_back
    status=$?
    wait "$hashing" && ((status == 0)) && : >read-back-equal
  } 2>>compress.log
}

# Sync and hash the file while its last part is still being read back.
compress_settle() {
  sync_paths backup.gz &
  local pids=($!)
  sha256 <backup.gz >backup.sha256 &
  wait_for_all "${pids[@]}" "$!"
}

# wait_for_all PID...: status 0 if all of them succeeded.
wait_for_all() {
  local pid status=0
  for pid in "$@"; do wait "$pid" || status=1; done
  return "$status"
}

# Compress the copy in parts; concatenated, they are a gzip file too (RFC 1952, 2.2). Print each complete part: offset and
# bytes in the file, offset and bytes in the copy.
compress_copy() {
  file_size "$COPY"
  if [[ $D_COMPRESSOR == igzip ]]; then compress_in_turn "$REPLY"; else compress_side_by_side "$REPLY"; fi
}

# For a fast compressor: one part at a time, while the other CPUs read back.
TURN_BYTES=$((64 << 20))
compress_in_turn() { # COPY-BYTES
  local at bytes from=0
  : >backup.gz
  for ((at = 0; at < $1; at += TURN_BYTES)); do
    bytes=$((at + TURN_BYTES < $1 ? TURN_BYTES : $1 - at))
    range "$COPY" "$at" "$bytes" compress_part >>backup.gz || return 1
    file_size backup.gz
    printf '%s\n' "$from $((REPLY - from)) $at $bytes"
    from=$REPLY
  done
}

# For a slow compressor: one part on each CPU.
compress_side_by_side() { # COPY-BYTES
  local megabytes=$((($1 + 1048575) >> 20)) count part pids=() length at bytes from=0
  count=$(nproc 2>/dev/null) || count=1
  ((count <= 16)) || count=16
  length=$(((megabytes + count - 1) / count << 20))
  for ((part = 0; part * length < $1; part++)); do
    range "$COPY" $((part * length)) "$length" compress_part >"part.$part" &
    pids+=($!)
  done
  wait_for_all "${pids[@]}" && mv -f part.0 backup.gz || return 1
  for ((part = 0; part < ${#pids[@]}; part++)); do
    ((part == 0)) || { cat "part.$part" >>backup.gz && rm -f "part.$part"; } || return 1
    at=$((part * length)) bytes=$((at + length < $1 ? length : $1 - at))
    file_size backup.gz
    printf '%s\n' "$from $((REPLY - from)) $at $bytes"
    from=$REPLY
  done
}

compress_part() {
  case $D_COMPRESSOR in
    igzip) igzip -1 -c ;;
    pigz) pigz -1 -p 1 -c ;;
    *) gzip -1 -c ;;
  esac
}

# Read the parts from stdin and compare each with its range of the copy, one process for each CPU. Status 0 if all are equal
# and together cover the whole file and the whole copy.
read_back() {
  local tool from bytes at length file=0 copy=0 pids=() most status=0
  most=$(nproc 2>/dev/null) || most=1
  decompressor
  tool=("$REPLY" -dc)
  [[ $REPLY != pigz ]] || tool=(pigz -p 1 -dc)
  while read -r from bytes at length; do
    ((from == file && at == copy)) || status=1
    file=$((from + bytes)) copy=$((at + length))
    if ((${#pids[@]} >= most)); then
      wait "${pids[0]}" || status=1
      pids=("${pids[@]:1}")
    fi
    range backup.gz "$from" "$bytes" "${tool[@]}" | same_as_copy "$at" "$length" &
    pids+=($!)
  done
  wait_for_all ${pids[@]+"${pids[@]}"} || status=1
  file_size backup.gz
  ((file == REPLY)) || status=1
  file_size "$COPY"
  ((copy == REPLY && status == 0))
}

# same_as_copy FROM BYTES: status 0 if stdin is exactly this range of the copy.
same_as_copy() {
  local from=$1 bytes=$2
  if command -v cmp >/dev/null; then
    # cmp reads no more than it compares: anything left is too much.
    cmp -i "0:$from" -n "$bytes" - "$COPY" >&2 && [[ $(head -c 1 | wc -c) == 0 ]]
  else
    [[ $(sha256) == "$(range "$COPY" "$from" "$bytes" sha256)" ]]
  fi
}

# range FILE FROM BYTES COMMAND...: run it with this range of a file as stdin. dd reads only that, even from a growing file;
# `tail | head` would end in a broken pipe, and systemd makes processes ignore SIGPIPE.
range() {
  local file=$1 from=$2 bytes=$3
  shift 3
  dd if="$file" bs=1M iflag=skip_bytes,count_bytes skip="$from" count="$bytes" status=none | "$@"
}
