/**
 * What a measured page is given before anything of its own: `bench` sees, by the page's clock, when something was
 * painted, heard or pressed.
 */
const bench = {
  /** Frames of the console's socket: when each arrived, and how it begins. */
  heard: [],
  /** When the pointer went down last. */
  pressed: Number.NaN,
  /** Beginnings of the frames of the page since `watchFrames`. */
  frames: [],
  next: 0,

  /** Resolves after the paint of the first frame in which something fits the selector; rejects after a long time. */
  painted(selector) {
    return new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`nothing fits ${selector}`)), 60_000)
      const observer = new MutationObserver(look)
      function look() {
        if (!document.querySelector(selector)) return
        observer.disconnect()
        requestAnimationFrame(() => {
          // What was gone again before the frame was seen by nobody.
          if (document.querySelector(selector)) bench.afterPaint(resolve)
          else watch()
        })
      }
      function watch() {
        observer.observe(document, { subtree: true, childList: true, attributes: true })
        look()
      }
      watch()
    })
  },

  /** Called in a frame: its style, layout and paint come before any other task. */
  afterPaint(tell) {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => tell(performance.now())
    port2.postMessage(null)
  },

  watchFrames() {
    bench.frames = []
    const note = (at) => {
      bench.frames.push(at)
      bench.next = requestAnimationFrame(note)
    }
    bench.next = requestAnimationFrame(note)
  },

  /** Ends the watching: milliseconds from each frame to the next. */
  intervals() {
    cancelAnimationFrame(bench.next)
    return bench.frames.slice(1).map((at, index) => at - bench.frames[index])
  },
}

globalThis.bench = bench

globalThis.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given)
    this.addEventListener('message', ({ data }) =>
      bench.heard.push({ at: performance.now(), head: data.slice(0, 200) }),
    )
  }
}

addEventListener('pointerdown', ({ timeStamp }) => (bench.pressed = timeStamp), { capture: true })
