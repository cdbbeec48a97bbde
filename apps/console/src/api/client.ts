/**
 * The control plane's API, typed by its own `/openapi.json` (`npm run build:console` writes schema.d.ts from the routes).
 * The browser's cookie says who asks; a fault becomes an {@link ApiFault} with the stable code of the control plane.
 * @module
 */
import createClient, { type Middleware } from 'openapi-fetch'
import { isAttended } from './attended.ts'
import { words } from '../words/words.ts'
import type { paths } from './schema.d.ts'

/** What the control plane refused, or that nobody answered (`OFFLINE`). */
export class ApiFault extends Error {
  readonly code: string
  readonly status: number
  constructor(code: string, message: string, status: number) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** Told of a request that found nobody signed in. */
export const signedOut = new EventTarget()

const attended: Middleware = {
  onRequest({ request }) {
    if (!isAttended()) request.headers.set('countersign-background', '1')
    return request
  },
}

const faults: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return
    const said: unknown = await response
      .clone()
      .json()
      .catch(() => null)
    const { code, message } = faultIn(said, response)
    if (response.status === 401) signedOut.dispatchEvent(new Event('out'))
    throw new ApiFault(code, message, response.status)
  },
  onError() {
    return new ApiFault('OFFLINE', words.shell.noAnswer, 0)
  },
}

function faultIn(said: unknown, response: Response): { code: string; message: string } {
  if (typeof said === 'object' && said !== null && 'error' in said) {
    const { error } = said
    if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error)
      return { code: String(error.code), message: String(error.message) }
  }
  return {
    code: `HTTP_${response.status}`,
    message: response.statusText || words.shell.oddAnswer,
  }
}

export const api = createClient<paths>({ baseUrl: '/' })
api.use(attended, faults)

/** What a successful answer says. Faults were thrown before (above). */
export async function said<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer
  if (data === undefined) throw new ApiFault('EMPTY', words.shell.emptyAnswer, 0)
  return data
}
