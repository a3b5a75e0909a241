/**
 * Gets secrets for the command line: from stdin if requested, otherwise from a prompt. Never from arguments or the
 * environment.
 */
import { text } from 'node:stream/consumers'
import { Secret } from '../remote/secret.ts'
import { hopName, type LoginQuestion, type SecretRequest } from '../remote/target.ts'
import { clean } from './table.ts'

export interface StdinSecrets {
  readonly password: boolean
  readonly passphrase: boolean
}

interface Given {
  readonly passphrase: string | undefined
  readonly password: string | undefined
  readonly sudo: string | undefined
}

/** Reads a line from the terminal, hidden by default. Null without a terminal, or on Ctrl-C and Ctrl-D. */
export function promptHidden(question: string, echo = false): Promise<string | null> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) return Promise.resolve(null)
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.resume()
  stdin.setEncoding('utf8')
  return new Promise((resolve) => {
    let typed = ''
    const end = (answer: string | null) => {
      stdin.off('data', onInput)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      resolve(answer)
    }
    const onInput = (chunk: string) => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n') return end(typed)
        if (character === '\u0003' || character === '\u0004') return end(null)
        if (character === '\u007f' || character === '\b') {
          if (echo && typed !== '') stderr.write('\b \b')
          typed = typed.slice(0, -1)
        } else {
          typed += character
          if (echo) stderr.write(clean(character))
        }
      }
    }
    stdin.on('data', onInput)
  })
}

function questionOf(request: SecretRequest): string {
  if (request.kind === 'passphrase') return `Passphrase of ${clean(request.keyFile)}: `
  const what = request.kind === 'sudo' ? 'Password for sudo of' : 'Password of'
  return `${what} ${clean(hopName(request))}: `
}

/** Shows a server's question and reads the answer. Only at a terminal, because a code expires. */
export async function answerAtTerminal(asked: LoginQuestion): Promise<Secret | null> {
  const { instructions, question, echo } = asked
  const preamble = instructions === '' ? '' : `${clean(instructions)}\n`
  const answer = await promptHidden(`${preamble}${clean(hopName(asked))} asks: ${clean(question)} `, echo)
  return answer === null ? null : new Secret(answer)
}

/**
 * Answers requests for secrets. Stdin is read to its end: first the passphrase if requested, then the password, then
 * sudo's password if it is a different one.
 */
export function secretAsker(stdin: StdinSecrets): (request: SecretRequest) => Promise<Secret | null> {
  let given: Promise<Given> | null = null
  const read = async (): Promise<Given> => {
    if ((!stdin.password && !stdin.passphrase) || process.stdin.isTTY) {
      return { passphrase: undefined, password: undefined, sudo: undefined }
    }
    const lines = (await text(process.stdin)).split(/\r?\n/)
    if (lines.at(-1) === '') lines.pop()
    const passphrase = stdin.passphrase ? lines.shift() : undefined
    const password = stdin.password ? lines.shift() : undefined
    return { passphrase, password, sudo: lines.shift() ?? password }
  }
  return async (request) => {
    given ??= read()
    const optional = request.kind === 'password' && request.needed === false
    const answer = (await given)[request.kind] ?? (optional ? null : await promptHidden(questionOf(request)))
    return answer === null ? null : new Secret(answer)
  }
}
