/**
 * The point's own listener: `POST /statements` with one statement, answered by the signed acknowledgement. spec/kill.md
 * (KIL-11). Whoever reaches it may ask; what a statement may do, its signature says.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CountersignError } from '../../src/core/errors.ts'
import { parseJson } from '../../src/core/json.ts'
import { SourceLimit, sourceOf } from '../../src/core/source-limit.ts'
import { STATEMENT_BYTES_MAX, type KillDesk } from '../../src/enforce/kill-desk.ts'
import { saysByBreakGlass, statementSchema, type Statement } from '../../src/revoke/statement.ts'
import { limitConnections } from './connections.ts'

/** Whoever asks is a stranger: how long a request may take, in milliseconds, and how many are open at once. */
const REQUEST_MS_MAX = 5_000
const CONNECTIONS_MAX = 64
/** How often that is looked at: by itself only every 30 s, for which a stranger would hold all that may be open. */
const CHECK_EVERY_MS = 500
/**
 * What is worth a signature's check, a tenth of a millisecond: a flood must leave the calls their time. One that is said
 * to be by the break-glass key does not count: one check says whether it is, and nobody's flood keeps it out.
 */
const RATES = { each: { burst: 20, per_s: 20 }, all: { burst: 100, per_s: 100 } }

export type ListenerErrorCode = 'LISTEN_FAILED'

export class ListenerError extends CountersignError<ListenerErrorCode> {}

export interface Listening {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

export interface StatementListener {
  readonly url: string
  close(): Promise<void>
}

/** @throws {ListenerError} */
export async function listenForStatements(
  { host, port }: Listening,
  desk: KillDesk,
  onFault: (error: unknown) => void,
): Promise<StatementListener> {
  const limit = new SourceLimit(RATES)
  const server = createServer({ connectionsCheckingInterval: CHECK_EVERY_MS }, (request, response) => {
    void answer(request, response, desk, limit, onFault).catch(onFault)
  })
  server.requestTimeout = REQUEST_MS_MAX
  server.headersTimeout = REQUEST_MS_MAX
  limitConnections(server, CONNECTIONS_MAX)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = `cannot listen for statements at ${host}:${port} (${cause.code ?? 'unknown'})`
      reject(new ListenerError('LISTEN_FAILED', `${why}: choose another --listen`, { cause }))
    })
    server.listen(port, host, resolve)
  })
  server.on('error', onFault)
  server.unref() // the point's calls keep the process, not its listener
  const { address, family, port: bound } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: () => close(server),
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  desk: KillDesk,
  limit: SourceLimit,
  onFault: (error: unknown) => void,
): Promise<void> {
  if (request.url !== '/statements')
    return refuse(response, 404, 'NOT_FOUND', 'there is POST /statements and nothing else')
  if (request.method !== 'POST') return refuse(response, 405, 'METHOD_INVALID', 'statements are posted')
  const body = await bodyOf(request)
  if (body === 'gone') return
  if (body === null)
    return refuse(response, 413, 'BODY_TOO_LARGE', `a statement is at most ${STATEMENT_BYTES_MAX} bytes`)
  const statement = parsed(body)
  if (statement === null)
    return refuse(response, 400, 'STATEMENT_INVALID', 'this is no statement of spec/kill.md')
  if (desk.isHopeless(statement)) return refuseHere(response)
  if (!saysByBreakGlass(statement) && !limit.take(sourceOf(request.socket.remoteAddress), performance.now()))
    return refuse(response, 429, 'TOO_MANY', 'too many statements: try again in a second')
  try {
    const { ack } = await desk.take(statement, 'push')
    if (ack === null) return refuseHere(response)
    send(response, 200, ack)
  } catch (error) {
    onFault(error)
    refuse(
      response,
      503,
      'NOT_DURABLE',
      'it is in force, but could not be stored: free disk space, push it again',
    )
  }
}

function parsed(body: Buffer): Statement | null {
  try {
    return statementSchema.parse(parseJson(body, { bytes_max: STATEMENT_BYTES_MAX, depth_max: 16 }))
  } catch {
    return null // not JSON as we read it, or of another shape
  }
}

/** @returns null: too large; `gone`: nobody waits for an answer */
async function bodyOf(request: IncomingMessage): Promise<Buffer | 'gone' | null> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size > STATEMENT_BYTES_MAX) return null
      parts.push(part)
    }
  } catch {
    return 'gone' // a stranger who goes away is no fault of ours
  }
  return Buffer.concat(parts)
}

function refuseHere(response: ServerResponse): void {
  refuse(response, 403, 'STATEMENT_REFUSED', 'the statement does not hold here')
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  // What is left of a body that was not read would be taken for the next request.
  response.setHeader('connection', 'close')
  send(response, status, { error: { code, message } })
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
