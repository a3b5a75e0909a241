# --- verify: archives ---------------------------------------------------------------------------------------------------------

verify_archive() { # FILE KIND
  local file=$1 kind=$2
  extract_look "$file" || { verdict_of_extraction; return; }
  if [[ $EXTRACT_FORMAT != gzip ]]; then
    extract_finds not-a-backup 'The file is not a gzip archive.'
    verdict_of_extraction
  elif fingerprint_load "$file" archive; then
    V_BASIS=fingerprint
    verify_made "$file"
  else
    verify_foreign "$file" "$kind"
  fi
}

# verify_made FILE: compare an archive that we made with FP, and each of its members with the list that was kept.
verify_made() {
  local file=$1 stamp sha256
  extract_gzip "$file" archive.tar "$VERIFY_UNCHANGED" "${FP[contentSize]}"
  [[ $EXTRACT_PROBLEM == '' ]] || { verdict_of_extraction; return; }
  V_EVIDENCE=(size:="$EXTRACT_SIZE" sha256="$EXTRACT_SHA256")
  if [[ $EXTRACT_SIZE != "${FP[size]}" ]]; then
    verdict failed "The file has $EXTRACT_SIZE bytes; it had ${FP[size]} when it was made."
  elif [[ "$EXTRACT_SHA256 $EXTRACT_DATABASE_SHA256" != "${FP[sha256]} ${FP[contentSha256]}" ]]; then
    verdict failed "The file is not what was written: its SHA-256 is ${EXTRACT_SHA256:0:12}…, it was ${FP[sha256]:0:12}…."
  else
    stamp=$EXTRACT_STAMP sha256=$EXTRACT_SHA256
    verify_members "$file"
    EXTRACT_STAMP=$stamp EXTRACT_SHA256=$sha256
    return
  fi
  V_EVIDENCE+=(expectedSha256="${FP[sha256]}" expectedSize:="${FP[size]}")
}

verify_members() { # FILE
  members_recall "$1"
  if ! members_hash_of recorded || [[ $REPLY != "${FP[membersSha256]}" ]]; then
    verdict inconclusive 'The file is what was written, but the list of its members that was recorded is missing or damaged.'
    return
  fi
  extract_space . "${FP[bytes]}" || { verdict inconclusive "$EXTRACT_PROBLEM"; return; }
  in_background members_by_reader archive.tar
  watch "$VERIFY_UNCHANGED" '' "$REPLY"
  if (($? == TOO_LONG)); then
    extract_late 'Comparing its members'
    verdict inconclusive "$EXTRACT_PROBLEM"
    return
  fi
  if ! members_take; then
    if [[ $M_CODE == refused ]]; then verdict failed "$M_PROBLEM"; else verdict inconclusive "The members could not be compared: $M_PROBLEM"; fi
    return
  fi
  V_EVIDENCE+=(members:="$M_COUNT" bytes:="$M_BYTES")
  if members_compare; then
    counted "$M_COUNT" member members
    verdict verified "Equal to its fingerprint: SHA-256, and $REPLY compared one by one."
  else
    verdict failed "$REPLY"
  fi
}

# verify_foreign FILE KIND: read an archive to its end, without a fingerprint, and look what a restore would have to refuse.
verify_foreign() {
  local file=$1 kind=$2 entries=0 doubts='' member='' word one path
  if extract_space . $((EXTRACT_SIZE + 1048576)); then
    decompressor
    EXTRACT_WANTED=0
    extract_run "$file" "$VERIFY_UNCHANGED" stream_archive members "$REPLY" "${MEMBERS_LIST[@]}"
  fi
  [[ $EXTRACT_PROBLEM == '' ]] || { verdict_of_extraction; return; }
  M_CODE=ok M_PROBLEM='its members cannot be listed'
  while IFS=$'\t' read -r word one path; do
    case $word in
      '!') members_refused "$one" "$path" ;;
      '?') [[ $doubts != '' ]] || { member_words "$one" "$path" && doubts=$REPLY; } ;;
      database) [[ ! $one =~ $SYSTEM_DATABASE ]] || member=$one ;;
      '=') [[ $M_CODE != ok || ! $one =~ ^[0-9]{1,9}$ ]] || M_PROBLEM='' entries=$one ;;
    esac
  done < <(side_says 600 262144 reader members_brief members)
  V_EVIDENCE=(size:="$EXTRACT_SIZE" sha256="$EXTRACT_SHA256" entries:="$entries")
  if [[ $M_CODE == refused ]]; then
    verdict failed "It cannot be restored safely. $M_PROBLEM"
  elif [[ $M_PROBLEM != '' ]]; then
    verdict inconclusive "The archive can be read to its end, but $M_PROBLEM."
  elif ((entries == 0)); then
    verdict failed 'The archive is empty.'
  elif [[ $kind == system ]]; then
    verify_system "$file" "$entries" "$member"
  else
    verdict verified "The archive can be read to its end ($entries entries); there is no fingerprint to compare with."
  fi
  [[ $V_VERDICT != verified || $doubts == '' ]] ||
    verdict inconclusive "$V_REASON But $doubts, and no fingerprint tells whether that belongs there."
}

readonly SYSTEM_DATABASE='^(\./)?[A-Za-z0-9._-]+/database/[A-Za-z0-9._-]+\.db(\.gz)?$'

# members_brief LIST: print what a verdict needs of the members that tar listed: what is refused or doubtful, the first
# database of a system backup, and the figures; for reader_do.
members_brief() {
  members_judge "$1" | pattern=$SYSTEM_DATABASE awk -F '\t' '
    /^[!?=]\t/
    $1 == "f" && !found && $7 ~ ENVIRON["pattern"] { found = 1; print "database\t" $7 }'
}

# A system backup is as good as the database in it.
verify_system() { # FILE ENTRIES MEMBER
  local file=$1 entries=$2 member=$3 stamp=$EXTRACT_STAMP sha256=$EXTRACT_SHA256
  if [[ ! $member =~ $SYSTEM_DATABASE ]]; then
    verdict failed "The archive can be read ($entries entries), but there is no database in it."
    return
  fi
  if extract_space . "$EXTRACT_SIZE"; then
    decompressor
    extract_run "$file" "$VERIFY_UNCHANGED" stream_archive member "$REPLY" -x -O -- "$member"
  fi
  if [[ $EXTRACT_PROBLEM == '' ]] && extract_member; then
    check_by_reader_watched
    database_check_load check
    verdict_of_check
    V_REASON="The database in it: $V_REASON"
  else
    verdict_of_extraction
  fi
  EXTRACT_STAMP=$stamp EXTRACT_SHA256=$sha256
}

extract_member() {
  local status
  EXTRACT_SIDE=reader
  extract_backup member database "$VERIFY_UNCHANGED"
  status=$?
  EXTRACT_SIDE=owner
  return "$status"
}
