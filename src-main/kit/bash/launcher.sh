# shellcheck shell=bash
# The launcher runs the requested kit, and asks for it if it is missing. The console sends this text first; then, each ended
# by a NUL: the kit's SHA-256, the number of arguments, the arguments; and, on request, the kit's size and its bytes. None of
# it is ever part of a command line.
set -u
umask 077
export LC_ALL=C
# As root, never the folders of a login: others may write to them.
login_path=${PATH-}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
((EUID == 0)) || PATH+=${login_path:+:$login_path}
unset BASH_ENV ENV CDPATH GLOBIGNORE

fail() { # CODE TEXT
  printf 'cvd-backup-launcher error %s %s\n' "$1" "$2"
  exit 3
}

record() { IFS= read -r -d '' REPLY || fail protocol 'the input ended too early'; }

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || fail old-bash "bash $BASH_VERSION is too old, 4.4 is needed"

record
sha256=$REPLY
[[ $sha256 =~ ^[0-9a-f]{64}$ ]] || fail protocol 'that is no SHA-256'
record
[[ $REPLY =~ ^[0-9]{1,5}$ ]] || fail protocol 'that is no number of arguments'
count=$REPLY
arguments=()
for ((i = 0; i < count; i++)); do
  record
  arguments+=("$REPLY")
done

if [[ ${CVD_BACKUP_STATE-} != '' ]]; then
  state=$CVD_BACKUP_STATE
elif ((EUID == 0)); then
  state=/var/lib/cvd-backup
else
  state=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/cvd-backup
fi
folder=$state/kit/$sha256
kit=$folder/cvd-backup

# ours PATH...: status 0 if only we can write to them. The kit that runs must be the one that was hashed, so nobody else may
# write it or rename anything on its path.
ours() { # PATH...
  local path modes
  for path in "$@"; do [[ -O $path && ! -L $path ]] || return 1; done
  modes=$(exec stat -c %a -- "$@") || return 1
  # No write permission for group and others.
  [[ ! $'\n'$modes$'\n' =~ [2367][0-7]?$'\n' ]]
}

# wanted: status 0 if stdin is the requested kit.
wanted() { [[ $(exec sha256sum) == "$sha256 "* ]]; }

stored() {
  [[ -f $kit ]] && ours "$state" "$state/kit" "$folder" "$kit" && wanted <"$kit"
}

# store: put the kit in place atomically; status 1 if it cannot be kept. Then it runs from memory, even with a full disk.
store() {
  local fresh
  mkdir -p -- "$folder" 2>/dev/null && ours "$state" "$state/kit" "$folder" || return 1
  fresh=$(mktemp -- "$folder/.new.XXXXXXXX" 2>/dev/null) || return 1
  if { printf '%s' "$text" >"$fresh"; } 2>/dev/null && chmod 700 -- "$fresh" && sync -- "$fresh" &&
    mv -fT -- "$fresh" "$kit" && sync -- "$folder" "$state/kit" && stored; then
    forget_old
    return 0
  fi
  rm -f -- "$fresh"
  return 1
}

# Keep this version, the newest other one (so that the console can go back one version without sending it again), and all
# that are still needed.
forget_old() {
  local path kept=''
  needed || return 0
  while IFS= read -r path; do
    [[ ${path##*/} =~ ^[0-9a-f]{64}$ && $path != "$folder" && $needed != *" ${path##*/} "* ]] || continue
    if [[ $kept == '' ]]; then kept=yes; else rm -rf -- "$path"; fi
  done < <(find "$state/kit" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | cut -d ' ' -f 2-)
}

# Operations that are not over run from their kit, and recovery finishes a transaction with the kit that began it. Status 1
# if an open transaction does not name its kit: then keep all.
needed() {
  local operation unfinished='' begun=''
  needed=" $(sed -n 's|^ExecStart=.*/kit/\([0-9a-f]\{64\}\)/cvd-backup .*|\1|p' /etc/systemd/system/cvd-backup-recover.service 2>/dev/null) "
  if [[ -e $state/unfinished ]]; then
    read -r unfinished <"$state/unfinished"
    begun=$(kit_of "$state/operations/$unfinished/journal")
    [[ $begun != '' ]] || return 1
    needed+="$begun "
  fi
  for operation in "$state"/operations/[0-9]*; do
    [[ -e $operation/outcome ]] || needed+="$(kit_of "$operation/about" "$operation/journal") "
  done
}

kit_of() { # FILE...
  sed -n 's/^kit=\([0-9a-f]\{64\}\)$/\1/p' "$@" 2>/dev/null | tr '\n' ' '
}

text=''
if ! stored; then
  printf 'cvd-backup-launcher need-kit\n'
  record
  [[ $REPLY =~ ^[1-9][0-9]{0,7}$ ]] || fail protocol 'that is no size'
  text=$(head -c "$REPLY" && printf x)
  text=${text%x}
  printf '%s' "$text" | wanted || fail bad-kit 'what arrived is not the wanted kit'
  if store; then text=''; fi
fi

# Through a pipe: the arguments appear neither in the process list nor on disk.
if ((count > 0)); then
  exec 3< <(printf '%s\0' "${arguments[@]}")
else
  exec 3</dev/null
fi
export CVD_BACKUP_KIT_SHA256=$sha256
[[ $text != '' ]] || exec /bin/bash --noprofile --norc "$kit" --params-fd 3
set +u
unset -f fail record ours wanted stored store forget_old needed kit_of
unset sha256 count arguments state folder kit i needed login_path
set -- --params-fd 3
# The kit reads its own text from here for the processes that it starts.
text_of_kit=$text
eval "$text"
