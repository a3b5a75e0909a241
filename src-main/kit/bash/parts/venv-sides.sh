# --- The virtual environment: the part of the side that builds it --------------------------------------------------------------------------------
#
# pip runs the code of packages, and the interpreter is what the application's user says it is: all of this has the rights of
# the owner of the CVD data, or of the reader where that is root, in that side's part of the work folder. Never run as root.

readonly VENV_SAYS='import sys; print("%d.%d %s" % (sys.version_info[0], sys.version_info[1], "venv" if sys.prefix != sys.base_prefix else "-"))'

# Replaces one path by another in every file without a NUL, and in links, below a folder. Arguments: FOLDER FROM TO.
readonly VENV_REWRITE='
import os, sys
folder, old, new = (os.fsencode(one) for one in sys.argv[1:4])
for top, folders, files in os.walk(folder):
    for name in folders + files:
        path = os.path.join(top, name)
        if os.path.islink(path):
            goal = os.readlink(path)
            if old in goal:
                os.unlink(path)
                os.symlink(goal.replace(old, new), path)
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                text = file.read()
            if old in text and b"\0" not in text:
                with open(path, "wb") as file:
                    file.write(text.replace(old, new))
'

# venv_facts APPLICATION: print what is known of its virtual environment, and of what could make one, as key=value lines.
venv_facts() {
  local venv=$1/venv line
  if [[ ! -e $venv && ! -L $venv ]]; then echo venv=none
  elif [[ ! -d $venv ]]; then echo venv=odd
  else
    echo venv=there
    venv_config "$venv"
    printf 'recorded=%s\n' "$VENV_RECORDED"
    line=$(timeout --signal=KILL 20 "$venv/bin/python" -I -c "$VENV_SAYS" 2>/dev/null </dev/null | head -c 100)
    printf 'runs=%s\n' "$line"
    printf 'bytes=%s\n' "$(timeout --signal=KILL 60 du -sB1 -- "$venv/." 2>/dev/null | cut -f 1)"
  fi
  venv_interpreter "$venv"
  [[ $VENV_PYTHON != '' ]] || return 0
  printf 'python=%s\n' "$(timeout --signal=KILL 20 "$VENV_PYTHON" -I -c "$VENV_SAYS" 2>/dev/null </dev/null | head -c 100)"
  timeout --signal=KILL 20 "$VENV_PYTHON" -I -c 'import venv, ensurepip' >/dev/null 2>&1 </dev/null && echo makes=yes
}

# venv_config VENV: VENV_HOME, VENV_RECORDED (as 3.11), VENV_SYSTEM = what its pyvenv.cfg says.
VENV_HOME='' VENV_RECORDED='' VENV_SYSTEM=''
venv_config() {
  local line key value
  VENV_HOME='' VENV_RECORDED='' VENV_SYSTEM=''
  [[ -f $1/pyvenv.cfg ]] || return 0
  while IFS= read -r line; do
    key=${line%%=*} value=${line#*=}
    key=${key//[[:blank:]]/} value=${value#"${value%%[![:blank:]]*}"}
    case $key in
      home) VENV_HOME=${value%"${value##*[![:blank:]]}"} ;;
      version | version_info) [[ ! $value =~ ^([0-9]{1,2}\.[0-9]{1,3})([^0-9].*)?$ ]] || VENV_RECORDED=${BASH_REMATCH[1]} ;;
      include-system-site-packages) [[ $value != true* ]] || VENV_SYSTEM=yes ;;
    esac
  done < <(dd if="$1/pyvenv.cfg" iflag=nonblock bs=4096 count=1 status=none 2>/dev/null)
}

# venv_interpreter VENV: VENV_PYTHON = the interpreter from which it was made, or else the system's; empty if there is none.
VENV_PYTHON=''
venv_interpreter() {
  local one
  venv_config "$1"
  for one in "$VENV_HOME/python$VENV_RECORDED" "$VENV_HOME/python3" python3; do
    [[ $one == "$VENV_HOME"/* && $VENV_HOME != /* ]] && continue
    VENV_PYTHON=$(command -v -- "$one") || continue
    timeout --signal=KILL 20 "$VENV_PYTHON" -I -c '' >/dev/null 2>&1 </dev/null && return
  done
  VENV_PYTHON=''
}

# venv_receive APPLICATION: take the restored application from stdin into ./build, and keep what the live environment says.
venv_receive() {
  mkdir -m 755 -- build tmp || return 1
  tar -xf - -C build --no-same-owner || return 1
  venv_interpreter "$1/venv"
  printf '%s\n%s\n' "$VENV_PYTHON" "$VENV_SYSTEM" >interpreter
  [[ ! -f $1/venv/pip.conf ]] || dd if="$1/venv/pip.conf" of=pip.conf iflag=nonblock bs=65536 count=1 status=none
}

# venv_ready: the settings for pip and for python, and VENV_PYTHON. pip reads /etc/pip.conf, the owner's own, and the
# environment's; nothing of root's.
venv_ready() {
  local home
  { IFS= read -r VENV_PYTHON && IFS= read -r VENV_SYSTEM; } <interpreter || return 1
  home=$(getent passwd "$EUID" | cut -d : -f 6)
  [[ $home == /* && -d $home ]] || home=$PWD/tmp
  export HOME=$home TMPDIR=$PWD/tmp PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off PYTHONUNBUFFERED=1
  umask 022
}

# venv_build PROGRAM...: make ./build/venv for the application in ./build. What its scripts name is ROOT/app/venv: either ./build is there,
# in the mount namespace of this process, or the paths are rewritten. Prints what pip says. Status 31 if python cannot make
# it, 32 if pip cannot fill it, 33 if it does not work, 34 if it mentions another place than its own, 35 if it lacks a program.
venv_build() {
  local place="$PWD/build" final="$ROOT/app" system=() one
  venv_ready || return 31
  [[ $VENV_SYSTEM == '' ]] || system=(--system-site-packages)
  [[ ! $final -ef $place ]] || place=$final
  cd -- "$place" || return 31
  "$VENV_PYTHON" -I -m venv ${system[@]+"${system[@]}"} "$place/venv" 2>&1 || return 31
  [[ ! -f $TMPDIR/../pip.conf ]] || cp -- "$TMPDIR/../pip.conf" venv/pip.conf || return 31
  venv/bin/python -m pip --retries 2 --timeout 15 install --requirement requirements.txt 2>&1 || return 32
  if [[ $place != "$final" ]]; then "$VENV_PYTHON" -I -c "$VENV_REWRITE" venv "$place" "$final" 2>&1 || return 34; fi
  # Tried as it will run: it starts, and what it holds fits together. What the system brings may not.
  venv/bin/python -I -c '' 2>&1 || return 33
  venv/bin/python -m pip check 2>&1 || [[ $VENV_SYSTEM != '' ]] || return 33
  ! grep -rlF -- "${TMPDIR%/*}" venv/bin venv/pyvenv.cfg || return 34
  for one in "$@"; do
    [[ -x venv/bin/$one ]] || { printf 'requirements.txt does not bring %s\n' "$one"; return 35; }
  done
}

# venv_index: let pip look for every package of ./build/requirements.txt, without installing any. Prints what it says; status 2 if
# it has no way to look yet. Debian's python comes without pip, which the live environment has.
venv_index() {
  venv_ready || return 2
  "$VENV_PYTHON" -m pip --version >/dev/null 2>&1 </dev/null || VENV_PYTHON=$ROOT/app/venv/bin/python
  cd build || return 2
  [[ ! -f ../pip.conf ]] || export PIP_CONFIG_FILE=$PWD/../pip.conf
  "$VENV_PYTHON" -m pip install --help 2>/dev/null | grep -q -e --dry-run || return 2
  "$VENV_PYTHON" -m pip --retries 0 --timeout 5 install --dry-run --no-deps --ignore-installed --break-system-packages \
    --quiet --requirement requirements.txt 2>&1
}

# venv_copy FOLDER: copy its environment to ./build/venv.
venv_copy() {
  mkdir -m 755 -- build && cp -a -- "$1/venv" build/venv 2>&1
}
