/**
 * Polls until `condition` returns something truthy, and returns it. Throws after `seconds`, with the text of `explain`.
 */
export async function waitUntil<T>(
  what: string,
  condition: () => Promise<T | false | undefined> | T | false | undefined,
  { seconds = 60, everyMs = 100, explain = (): string | Promise<string> => '' } = {},
): Promise<T> {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const answer = await condition()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s. ${await explain()}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
