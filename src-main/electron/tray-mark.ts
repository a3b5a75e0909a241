/** A dot on the tray's icon: whether anything is wrong, without opening anything. Pure. */

export type TrayTone = 'calm' | 'warn' | 'bad'

/** Blue, green, red: the order of Electron's bitmaps. */
const inks = { warn: [0x28, 0xa0, 0xe8], bad: [0x38, 0x30, 0xd8] } as const

/** Of BGRA pixels, `width` in a row, a copy with a dot in the lower right corner. */
export function marked(pixels: Uint8Array, width: number, tone: TrayTone): Uint8Array {
  const copy = Uint8Array.from(pixels)
  if (tone === 'calm' || width === 0) return copy
  const height = pixels.length / 4 / width
  const radius = width * 0.3
  const [centreX, centreY] = [width - radius, height - radius]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const distance = Math.hypot(x + 0.5 - centreX, y + 0.5 - centreY)
      if (distance > radius + 1) continue
      // An edge sets it off from the icon.
      const ink = distance <= radius ? [...inks[tone], 0xff] : [0, 0, 0, 0]
      copy.set(ink, (y * width + x) * 4)
    }
  }
  return copy
}
