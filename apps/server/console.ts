/**
 * The console, from files that were built before (`npm run build:console`). spec/console.md (CON-1 to CON-4).
 * Invariant: nothing runs that is not one of these files, no other origin is asked, and nobody frames it.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { base64url } from '../../src/core/encoding.ts'
import type { App, ServerContext } from './context.ts'
import { ApiError } from './errors.ts'

const FOLDER = fileURLToPath(new URL('../console/dist/', import.meta.url))
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const YEAR_S = 365 * 86_400

interface File {
  readonly type: string
  readonly plain: Uint8Array<ArrayBuffer>
  readonly compressed: Uint8Array<ArrayBuffer>
}

export function consoleRoutes(app: App, ctx: ServerContext): void {
  const files = new Map<string, File>()
  app.get('/', (c) => c.redirect('/console/'))
  app.get('/console', (c) => c.redirect('/console/'))
  app.get('/console/assets/:file', (c) => {
    const file = fileNamed(files, `assets/${c.req.param('file')}`)
    const compressed = /\bbr\b/.test(c.req.header('accept-encoding') ?? '')
    return new Response(compressed ? file.compressed : file.plain, {
      headers: {
        'cache-control': `public, max-age=${YEAR_S}, immutable`,
        'content-type': file.type,
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
        ...(compressed ? { 'content-encoding': 'br' } : {}),
      },
    })
  })
  app.get('/console/icon.svg', () => {
    const { plain, type } = fileNamed(files, 'icon.svg')
    return new Response(plain, { headers: { 'content-type': type, 'x-content-type-options': 'nosniff' } })
  })
  // Every other address is a screen: the page finds it.
  app.get('/console/*', (c) => {
    const nonce = base64url(ctx.registry.crypto.randomBytes(16))
    return c.html(pageText().replaceAll('__NONCE__', nonce), 200, headers(nonce))
  })
}

/** Styles that the components bring have the nonce of the page; scripts are files of ours. */
function headers(nonce: string): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy':
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; ` +
      "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'publickey-credentials-create=(self), publickey-credentials-get=(self)',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
}

/** @throws {ApiError} `NOT_FOUND`: the console was not built */
function pageText(): string {
  const page = join(FOLDER, 'index.html')
  if (!existsSync(page))
    throw new ApiError('NOT_FOUND', 'the console was not built: run "npm run build:console" and try again')
  return readFileSync(page, 'utf8')
}

/** Only what stands in the folder; read and compressed once. @throws {ApiError} `NOT_FOUND` */
function fileNamed(files: Map<string, File>, name: string): File {
  const known = files.get(name)
  if (known !== undefined) return known
  const type = TYPES[extname(name)]
  const isThere =
    existsSync(FOLDER) && readdirSync(FOLDER, { recursive: true }).some((there) => there === name)
  if (type === undefined || !isThere) throw new ApiError('NOT_FOUND', 'no such file of the console')
  const plain = new Uint8Array(readFileSync(join(FOLDER, name)))
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
  const file = { type, plain, compressed: new Uint8Array(brotliCompressSync(plain, quality)) }
  files.set(name, file)
  return file
}
