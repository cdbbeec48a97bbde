/** The other end of preview-books.ts: builds a pack, verifies it, and reads in it what is asked for. @module */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { parseRfc3339 } from '../../src/core/time.ts'
import { PackError } from '../../src/evidence/errors.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
import type { SourceOpener } from '../../src/evidence/pack/sources.ts'
import { PreviewBook } from '../../src/evidence/preview/book.ts'
import { makeExtract } from '../../src/evidence/preview/extract.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { readControls } from '../cli/controls/read.ts'
import type {
  BookQuestion,
  BookSource,
  BookThreadData,
  FromBookThread,
  ToBookThread,
} from './preview-books.ts'
import { openLogPlace } from './tiles.ts'

/** Packs at once: two auditors and the company, with periods of their own, do not wait for each other at every look. */
const BOOKS_MAX = 3

/** The pack is handed to nobody, so it is not logged as one, and not signed (PCK-7). */
const sign = (): Promise<JsonObject> => Promise.resolve({ unsigned: 'for a preview' })

type Opened = Extract<ToBookThread, { opened: number }>

function run(port: MessagePort, { place, vkey, controls }: BookThreadData): void {
  const { tiles } = openLogPlace(place)
  /** Oldest first. */
  const books = new Map<string, Promise<PreviewBook>>()

  const say = (message: FromBookThread): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(message)
  }

  let opened = 0
  const opening = new Map<number, (said: Opened) => void>()
  const openSource: SourceOpener = async (entry) => {
    const open = opened++
    const said = await new Promise<Opened>((resolve) => {
      opening.set(open, resolve)
      say({ open, entry })
    })
    if ('refused' in said) throw new Error(said.refused)
    return said.content
  }

  /** One pack after another: each takes the memory of a whole log's entries. */
  let making: Promise<unknown> = Promise.resolve()
  const inTurn = (source: BookSource): Promise<PreviewBook> => {
    const made = making.then(() => make(source))
    making = made.catch(() => undefined)
    return made
  }

  const make = async ({ period, checkpoint, start }: BookSource): Promise<PreviewBook> => {
    const catalogue = await readControls(controls)
    const bounds = { from_ms: parseRfc3339(period.from), to_ms: parseRfc3339(period.to) }
    const source = { tiles, vkey, checkpoint, start, sign, openSource }
    const { bytes } = await buildPack(nodeCrypto, source, bounds, { catalogue, print: null })
    return new PreviewBook(nodeCrypto, await verifyPack(nodeCrypto, bytes, vkey))
  }

  const bookOf = (source: BookSource): Promise<PreviewBook> => {
    const known = books.get(source.key)
    if (known !== undefined) return known
    for (const key of [...books.keys()].slice(0, Math.max(0, books.size - BOOKS_MAX + 1))) books.delete(key)
    const made = inTurn(source)
    books.set(source.key, made)
    made.catch(() => books.delete(source.key))
    return made
  }

  port.on('message', (message: ToBookThread) => {
    if ('opened' in message) {
      opening.get(message.opened)?.(message)
      opening.delete(message.opened)
      return
    }
    const { id, source, question } = message
    void (async () => {
      const book = await bookOf(source)
      say({ id, tree: book.tree, answer: await answerOf(book, question) })
    })().catch((cause: unknown) => {
      const message = cause instanceof Error ? cause.message : 'unknown fault'
      say({ id, said: cause instanceof PackError ? message : null, message })
    })
  })
}

function answerOf(book: PreviewBook, question: BookQuestion): unknown {
  const { criteria } = question
  switch (question.what) {
    case 'overview':
      return book.overview(criteria)
    case 'test':
      return book.test(criteria, question.number, question.from)
    case 'rows':
      return book.rows(criteria, question.name, question.from)
    case 'file':
      return book.file(criteria, question.name, question.format)
    case 'action':
      return book.action(criteria, question.action)
    case 'entry':
      return book.entry(criteria, question.index)
    case 'has':
      return book.has(criteria, question.about)
    case 'extract':
      return makeExtract(nodeCrypto, book, question.preview, question.criteria)
  }
}

if (parentPort !== null) run(parentPort, workerData as BookThreadData)
