/** Questions to the person at the terminal: on stderr, so that stdout stays the result's. @module */
import { createInterface } from 'node:readline/promises'
import { CliError } from './output.ts'

const INTERRUPT = '\u0003'
const END = '\u0004'
const ERASE = new Set(['\b', '\u007f'])

export function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** @throws {CliError} `NOT_CONFIRMED`: not on a terminal, or another answer than yes */
export async function confirm(question: string, otherwise: string): Promise<void> {
  if (!hasTerminal()) throw new CliError('NOT_CONFIRMED', `there is no terminal to ask at: ${otherwise}`)
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await line.question(`${question} [yes/no] `)
    if (answer.trim().toLowerCase() !== 'yes')
      throw new CliError('NOT_CONFIRMED', 'nothing was changed: run it again and answer yes')
  } finally {
    line.close()
  }
}

/** @returns the line as it was typed, without white space around it */
export async function ask(question: string): Promise<string> {
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await line.question(`${question} `)).trim()
  } finally {
    line.close()
  }
}

/** Reads a line without showing it. @throws {CliError} `NOT_CONFIRMED`: interrupted */
export function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = process
  stdin.setRawMode(true).setEncoding('utf8').resume()
  stderr.write(question) // only now: what is typed before the echo is off would be shown
  return new Promise((resolve, reject) => {
    let secret = ''
    const end = (): void => {
      stdin.off('data', onData).setRawMode(false).pause()
      stderr.write('\n')
    }
    function onData(text: string): void {
      for (const character of text) {
        if (character === '\r' || character === '\n') {
          end()
          return resolve(secret)
        }
        if (character === INTERRUPT || character === END) {
          end()
          return reject(new CliError('NOT_CONFIRMED', 'no passphrase was given: run it again'))
        }
        secret = ERASE.has(character) ? Array.from(secret).slice(0, -1).join('') : secret + character
      }
    }
    stdin.on('data', onData)
  })
}
