/** Sends a file to the console that this page came from. */

/** Sends the bytes of a file to a one-time address of the console. Refuses every other address. Resolves when they are sent, or cannot be. */
export async function sendTo(address: string, file: File): Promise<void> {
  const { origin } = window.location
  if (new URL(address, origin).origin !== origin) throw new Error('a file goes to the own console only')
  await fetch(address, { method: 'POST', body: file }).catch(() => undefined)
}
