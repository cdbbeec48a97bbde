/** The other end of preview-books.ts: builds a pack, verifies it, and reads in it what is asked for. @module */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { parseRfc3339 } from '../../src/core/time.ts'
import { PackError } from '../../src/evidence/errors.ts'
import { buildPack } from '../../src/evidence/pack/build.ts'
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

/** Packs at once: two auditors with periods of their own do not make each other wait for every look. */
const BOOKS_MAX = 2

/** The pack is handed to nobody, so it is not logged as one, and not signed (PCK-7). */
const sign = (): Promise<JsonObject> => Promise.resolve({ unsigned: 'for a preview' })

function run(port: MessagePort, { place, vkey, controls }: BookThreadData): void {
  const { tiles } = openLogPlace(place)
  /** Oldest first. */
  const books = new Map<string, Promise<PreviewBook>>()

  const make = async ({ period, checkpoint, start }: BookSource): Promise<PreviewBook> => {
    const catalogue = await readControls(controls)
    const bounds = { from_ms: parseRfc3339(period.from), to_ms: parseRfc3339(period.to) }
    const source = { tiles, vkey, checkpoint, start, sign }
    const { bytes } = await buildPack(nodeCrypto, source, bounds, { catalogue, print: null })
    return new PreviewBook(nodeCrypto, await verifyPack(nodeCrypto, bytes, vkey))
  }

  const bookOf = (source: BookSource): Promise<PreviewBook> => {
    const known = books.get(source.key)
    if (known !== undefined) return known
    for (const key of [...books.keys()].slice(0, Math.max(0, books.size - BOOKS_MAX + 1))) books.delete(key)
    const made = make(source)
    books.set(source.key, made)
    made.catch(() => books.delete(source.key))
    return made
  }

  const say = (message: FromBookThread): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(message)
  }
  port.on('message', ({ id, source, question }: ToBookThread) => {
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
      return makeExtract(nodeCrypto, book, question.preview, criteria)
  }
}

if (parentPort !== null) run(parentPort, workerData as BookThreadData)
