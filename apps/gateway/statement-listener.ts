/**
 * The point's own listener: `POST /statements` with one statement, answered by the signed acknowledgement. spec/kill.md
 * (KIL-11). Whoever reaches it may ask; what a statement may do, its signature says.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CountersignError } from '../../src/core/errors.ts'
import { parseJson } from '../../src/core/json.ts'
import { STATEMENT_BYTES_MAX, type KillDesk } from '../../src/enforce/kill-desk.ts'
import { statementSchema } from '../../src/revoke/statement.ts'

/** Whoever asks is a stranger: how long a request may take, in milliseconds, and how many are open at once. */
const REQUEST_MS_MAX = 5_000
const CONNECTIONS_MAX = 64
/** How often that is looked at: by itself only every 30 s, for which a stranger would hold all that may be open. */
const CHECK_EVERY_MS = 500
/** Statements a second: each costs a signature's check, a lift 32 of them. A flood must leave the calls their time. */
const STATEMENTS_A_SECOND = 100

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
  const gate = new Gate()
  const server = createServer({ connectionsCheckingInterval: CHECK_EVERY_MS }, (request, response) => {
    void answer(request, response, desk, gate, onFault).catch(onFault)
  })
  server.requestTimeout = REQUEST_MS_MAX
  server.headersTimeout = REQUEST_MS_MAX
  server.maxConnections = CONNECTIONS_MAX
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

/** A bucket that fills up over a second. */
class Gate {
  #left = STATEMENTS_A_SECOND
  #at = performance.now()

  opens(): boolean {
    const now = performance.now()
    this.#left = Math.min(STATEMENTS_A_SECOND, this.#left + ((now - this.#at) / 1000) * STATEMENTS_A_SECOND)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  desk: KillDesk,
  gate: Gate,
  onFault: (error: unknown) => void,
): Promise<void> {
  if (request.url !== '/statements')
    return refuse(response, 404, 'NOT_FOUND', 'there is POST /statements and nothing else')
  if (request.method !== 'POST') return refuse(response, 405, 'METHOD_INVALID', 'statements are posted')
  if (!gate.opens()) return refuse(response, 429, 'TOO_MANY', 'too many statements: try again in a second')
  const body = await bodyOf(request)
  if (body === null)
    return refuse(response, 413, 'BODY_TOO_LARGE', `a statement is at most ${STATEMENT_BYTES_MAX} bytes`)
  const statement = parsed(body)
  if (statement === null)
    return refuse(response, 400, 'STATEMENT_INVALID', 'this is no statement of spec/kill.md')
  try {
    const { ack } = await desk.take(statement)
    if (ack === null) return refuse(response, 403, 'STATEMENT_REFUSED', 'the statement does not hold here')
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

function parsed(body: Buffer): ReturnType<typeof statementSchema.parse> | null {
  try {
    return statementSchema.parse(parseJson(body, { bytes_max: STATEMENT_BYTES_MAX, depth_max: 16 }))
  } catch {
    return null // not JSON as we read it, or of another shape
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > STATEMENT_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  // What is left of a body that was not read would be taken for the next request.
  response.setHeader('connection', 'close')
  send(response, status, { error: { code, message } })
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
