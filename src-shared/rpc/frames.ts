/** The frames of a transport: one JSON object each. */
import { z } from 'zod'
import { wireFailure } from '../contract/failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { ANSWER_LIMIT, REQUEST_LIMIT } from './transport.ts'

const id = z.number().int().positive()

const request = z.discriminatedUnion('k', [
  z.strictObject({ k: z.literal('call'), id, path: z.string().max(100), input: z.unknown() }),
  z.strictObject({ k: z.literal('cancel'), id }),
])

const answer = z.discriminatedUnion('k', [
  z.object({ k: z.literal('done'), id, value: z.unknown() }),
  /** With id 0 it concerns and ends the whole session. */
  z.object({ k: z.literal('fail'), id: z.number().int().nonnegative(), error: wireFailure }),
  /** `seq` 0 is a snapshot, whatever came before; each later one is the next change. */
  z.object({ k: z.literal('event'), id, seq: z.number().int().nonnegative(), value: z.unknown() }),
  z.object({ k: z.literal('end'), id }),
])

export type RequestFrame = z.infer<typeof request>
export type AnswerFrame = z.infer<typeof answer>

const DEPTH = 24
const hostileKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** True for what our windows never send: deep nesting, or keys that are dangerous to copy. */
function hostile(value: unknown, depth = 0): boolean {
  if (value === null || typeof value !== 'object') return false
  if (depth >= DEPTH) return true
  if (Array.isArray(value)) return value.some((item) => hostile(item, depth + 1))
  return Object.entries(value).some(([key, item]) => hostileKeys.has(key) || hostile(item, depth + 1))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type FrameProblem = 'too-large' | 'bad-frame'
const problem = (code: FrameProblem, message: string) => fail({ code, message })

/** Parses a frame from a window, which is not trusted. */
export function readRequest(text: string): Result<RequestFrame> {
  if (text.length > REQUEST_LIMIT) return problem('too-large', 'The request is too large for the console.')
  const value = parse(text)
  if (hostile(value)) return problem('bad-frame', 'The request is not one that this console understands.')
  const frame = request.safeParse(value)
  return frame.success ? ok(frame.data) : problem('bad-frame', 'The request is not one that this console understands.')
}

/** Parses a frame from the console. */
export function readAnswer(text: string): Result<AnswerFrame> {
  if (text.length > ANSWER_LIMIT) return problem('too-large', 'The answer is too large for a window.')
  const frame = answer.safeParse(parse(text))
  return frame.success ? ok(frame.data) : problem('bad-frame', 'The answer is not one that this window understands.')
}
