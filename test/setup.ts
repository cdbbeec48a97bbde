/**
 * What every test file gets: the matcher `toThrowWithCode`, for a function that throws and, behind `rejects`,
 * for a promise that rejects. A test names the code, because the code is the contract and the message is not.
 * @module
 */
import { expect } from 'vitest'

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /**
     * `expect(() => parse(x)).toThrowWithCode('JSON_INVALID')`, or
     * `await expect(promise).rejects.toThrowWithCode('LOG_UNAVAILABLE')`.
     */
    toThrowWithCode: (code: string) => R
  }
}

const NOTHING = Symbol('nothing was thrown')

function thrownBy(received: unknown, rejected: boolean): unknown {
  if (rejected) return received
  if (typeof received !== 'function') throw new TypeError('toThrowWithCode wants a function, or `rejects`')
  let returned: unknown
  try {
    returned = received()
  } catch (error) {
    return error
  }
  if (returned instanceof Promise) {
    returned.catch(() => undefined)
    throw new TypeError('the function returned a promise: await expect(promise).rejects.toThrowWithCode(…)')
  }
  return NOTHING
}

function describe(thrown: unknown): string {
  if (thrown === NOTHING) return 'nothing was thrown'
  if (!(thrown instanceof Error)) return `a value that is not an Error was thrown: ${String(thrown)}`
  return `${thrown.name} with code ${codeOf(thrown) ?? '(none)'} was thrown: ${thrown.message}`
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined
}

expect.extend({
  toThrowWithCode(received: unknown, code: string) {
    const thrown = thrownBy(received, this.promise === 'rejects')
    return {
      pass: codeOf(thrown) === code,
      message: () => `expected ${this.isNot ? 'no ' : 'an '}Error with code ${code}, but ${describe(thrown)}`,
      actual: codeOf(thrown),
      expected: code,
    }
  },
})
