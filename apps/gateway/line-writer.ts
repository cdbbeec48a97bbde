/** Lines to a stream, those of one turn in one write. @module */
import type { Writable } from 'node:stream'

export interface LineWriter {
  /** Takes a line without its end. Nothing is written to a stream that is gone. */
  readonly write: (line: string) => void
  /** Writes what waits for the end of the turn: before the stream is ended. */
  readonly flush: () => void
}

/** What happens while the stream takes no more: who feeds it stops. */
export interface Flow {
  readonly onFull: () => void
  /** Also when the stream is gone. */
  readonly onRoom: () => void
}

export function lineWriter(target: Writable, flow?: Flow): LineWriter {
  let lines = ''
  let isFull = false
  const flush = (): void => {
    const text = lines
    lines = ''
    if (text === '') return
    if (target.destroyed || target.writableEnded) return
    // One text in one write: a list of short ones costs the stream several times as much.
    const hasRoom = target.write(text)
    if (hasRoom || isFull || flow === undefined) return
    isFull = true
    flow.onFull()
    const onRoom = (): void => {
      target.off('drain', onRoom).off('close', onRoom)
      isFull = false
      flow.onRoom()
    }
    target.on('drain', onRoom).on('close', onRoom)
  }
  return {
    write: (line) => {
      if (lines === '') process.nextTick(flush)
      lines += `${line}\n`
    },
    flush,
  }
}
