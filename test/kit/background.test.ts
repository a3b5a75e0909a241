/** The kit's background processes, and how it waits for them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ScratchSite } from '../support/scratch-site.ts'

describe('background processes', () => {
  let site: ScratchSite
  beforeEach(() => {
    site = new ScratchSite()
  })
  afterEach(() => site.remove())

  /** Bash text: two processes. The first has ended, and its PID is reused; the second takes the given seconds. */
  const reused = (
    seconds: number,
  ) => `in_background false; first=$REPLY; in_background command sleep ${seconds}; second=$REPLY; asked=0
    kill() {
      if [[ $* == "-0 $first" ]]; then ((asked++ == 0)) && return 1; ((asked < 100)) || { echo stranger; exit; }; return 0; fi
      [[ $* != *"$first"* ]] || echo "signal to a stranger"
      builtin kill "$@"
    }`

  it('are over when they have ended, even if another process has reused a PID', () => {
    expect(site.library(`${reused(0.3)}; watch nothing '' "$first" "$second"; echo "status $?"`)).toBe('status 1\n')
  })

  it('run a complete kit, even if another operation is just storing it', () => {
    // The other one has written a part when the first is done, and waits for it.
    const other = `cp() {
        if [[ -e $STATE/first ]]; then
          head -c 100 "$2" >"$3"; : >"$STATE/part"; until [[ -e $STATE/done ]]; do sleep 0.05; done; command cp "$@"; return
        fi
        : >"$STATE/first"; command cp "$@"
        store_kit "$kit" & until [[ -e $STATE/part ]]; do sleep 0.05; done
      }`
    const output = site.library(
      `state_create; KIT_FILE=$KIT; kit_identity; stored=$STATE/kit/$KIT_SHA256/cvd-backup; ${other}
       store_kit "$stored"; cmp "$KIT" "$stored" && echo whole; : >"$STATE/done"; wait; cmp "$KIT" "$stored" && echo whole
       ls "$STATE/kit/$KIT_SHA256"`,
    )
    expect(output).toBe('whole\nwhole\ncvd-backup\n')
  })

  it('are ended on request, and no other process is', () => {
    const cancel = 'cancel_asked() { ((asked > 0 && ++turns > 2)); }; heed_cancel() { echo cancelled; exit; }; turns=0'
    expect(site.library(`${reused(60)}; ${cancel}; watch nothing '' "$first" "$second"`)).toBe('cancelled\n')
  })
})
