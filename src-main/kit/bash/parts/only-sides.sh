# --- Single files of a folder: the reader's part ------------------------------------------------------------------------------
#
# Run in the reader's folder, which nobody else can enter: chosen/tree is the backup's tree, sealed/tree a copy of the live one.
# A link in either is never followed.

# only_aside: what was extracted becomes chosen/tree, to make place for the live one.
only_aside() { mv -nT -- sealed chosen && [[ ! -e sealed ]]; }

# only_choose PATH...: replace these files in sealed/tree by those of chosen/tree; remove what only the live one has. Print
# `only=WORD PATH` for each that cannot be: missing, folder, link, other; PATH percent-encoded. Status 0 if all could.
only_choose() {
  local path status=0
  for path in "$@"; do
    only_one "$path" || {
      status=1
      encode_path "$path"
      printf 'only=%s %s\n' "$ONLY_PROBLEM" "$REPLY"
    }
  done
  rm -rf -- chosen
  return "$status"
}

ONLY_PROBLEM=''
only_one() { # PATH
  local path=$1 folder mode status
  ONLY_PROBLEM='other'
  only_reached chosen/tree "$path" && only_reached sealed/tree "$path" || return 1
  if [[ -L chosen/tree/$path ]]; then ONLY_PROBLEM='link'; return 1; fi
  if [[ -d chosen/tree/$path || (-d sealed/tree/$path && ! -L sealed/tree/$path) ]]; then ONLY_PROBLEM='folder'; return 1; fi
  if [[ ! -f chosen/tree/$path && ! -f sealed/tree/$path && ! -L sealed/tree/$path ]]; then ONLY_PROBLEM='missing'; return 1; fi
  only_parents "$path" || return 1
  folder=sealed/tree/$path folder=${folder%/*}
  mode=$(stat -c %a -- "$folder") && chmod u+rwx -- "$folder" || return 1
  rm -f -- "sealed/tree/$path"
  status=$?
  if ((status == 0)) && [[ -f chosen/tree/$path ]]; then
    cp -pT -- "chosen/tree/$path" "sealed/tree/$path"
    status=$?
  fi
  chmod -- "$mode" "$folder" && ((status == 0))
}

# only_reached TREE PATH: status 0 if only folders lead to it, as far as they are there.
only_reached() {
  local rest=$2 at=$1
  while [[ $rest == */* ]]; do
    at+=/${rest%%/*} rest=${rest#*/}
    if [[ -L $at ]]; then ONLY_PROBLEM='link'; return 1; fi
    [[ -d $at ]] || { [[ ! -e $at ]]; return; }
  done
}

# only_parents PATH: make the folders above it in sealed/tree that only the backup has, with their modes.
only_parents() {
  local rest=$1 at='' mode
  [[ -f chosen/tree/$1 ]] || return 0
  while [[ $rest == */* ]]; do
    at+=/${rest%%/*} rest=${rest#*/}
    [[ ! -d sealed/tree$at ]] || continue
    mode=$(stat -c %a -- "chosen/tree$at") && mkdir -m "$mode" -- "sealed/tree$at" || return 1
  done
}
