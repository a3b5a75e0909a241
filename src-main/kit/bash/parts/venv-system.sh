# --- The virtual environment that a system backup brings --------------------------------------------------------------------------
#
# Its scripts name the folder that they were made for, and its packages may be compiled for one kind of processor and one version of
# python. It is used if all of these are the same here; unpacked and tried by the side that would build it, before anything stops.

N_FACTS_MACHINE='' N_FACTS_ROOT='' N_FACTS_VENV='' # what the manifest says: processor, CVD root, version of its python

# venv_of_system_fits: REPLY = why the one in the system backup cannot be used; empty if it can.
venv_of_system_fits() {
  local machine
  machine=$(uname -m)
  REPLY=''
  if [[ $SYSTEM_FILE == '' ]] || ! system_holds venv; then REPLY='the backup brings none'
  elif [[ $N_FACTS_VENV == '' || $N_FACTS_MACHINE == '' ]]; then REPLY='the backup does not say what its own was made for'
  elif [[ $N_FACTS_MACHINE != "$machine" ]]; then REPLY="that of the backup is for $N_FACTS_MACHINE"
  elif [[ $N_FACTS_ROOT != "$ROOT" ]]; then REPLY="that of the backup is for $N_FACTS_ROOT"
  elif [[ $N_FACTS_VENV != "${VENV_FACT[python]-}" ]]; then
    REPLY="that of the backup is for python $N_FACTS_VENV, and here is ${VENV_FACT[python]:-none}"
  fi
  [[ $REPLY == '' ]]
}

# venv_of_system: have it in build/venv of that side; status 1 if it cannot be had or does not start.
venv_of_system() {
  system_take venv venv.gz "$NOTHING_CHANGED" && EXTRACT_SIDE=reader && extract_look venv.gz && extract_gzip venv.gz venv.tar "$NOTHING_CHANGED" 0
  system_taken
  rm -f -- reader/venv.gz
  [[ $EXTRACT_PROBLEM == '' ]] || return 1
  in_background venv_of_system_pump
  watch "$NOTHING_CHANGED" '' "$REPLY"
}

venv_of_system_pump() {
  local statuses
  reader_do venv_send venv.tar 2>/dev/null | venv_do venv_unpack 2>/dev/null | head -c 65536 >venv.said
  statuses=("${PIPESTATUS[@]}")
  ((statuses[0] == 0 && statuses[1] == 0))
}

# --- Run by the reader, then by that side ----------------------------------------------------------------------------------------

venv_send() { cat -- "$1" && rm -f -- "$1"; } # ARCHIVE

# venv_unpack: unpack it from stdin to ./build/venv, with no rights but its own, and start its python.
venv_unpack() {
  mkdir -m 755 -- build && tar -xf - -C build --no-same-owner --exclude='../*' 2>&1 || return 1
  [[ -d build/venv && ! -L build/venv ]] && timeout --signal=KILL 60 build/venv/bin/python -I -c '' 2>&1
}
