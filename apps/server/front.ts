/**
 * The port, taken before anything else: a start that cannot have it makes no folder and pins nothing for ever. Whoever
 * calls before there is an application waits for it.
 * @module
 */
import { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import { ListenError } from './errors.ts'
import { connectSse } from './sse.ts'

type Answer = Parameters<typeof createAdaptorServer>[0]['fetch']

export interface Front {
  readonly address: AddressInfo
  answerWith(answer: Answer): void
  /** Breaks off what is under way. Once or more often. */
  close(): Promise<void>
}

/** @param port 0: any free port. @throws {ListenError} */
export async function openFront(host: string, port: number): Promise<Front> {
  const ready = Promise.withResolvers<Answer>()
  const server = createAdaptorServer({
    fetch: async (request, env) => {
      const response = (await (await ready.promise)(request, env)) as Response
      return env.outgoing instanceof ServerResponse ? connectSse(response, env.outgoing) : response
    },
  })
  const address = await listen(server, host, port)
  return { address, answerWith: (answer) => ready.resolve(answer), close: () => closeHttp(server) }
}

function listen(server: ServerType, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, host, port))
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      resolve(server.address() as AddressInfo)
    })
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const place = `${host}:${port}`
  return cause.code === 'EADDRINUSE'
    ? new ListenError('PORT_IN_USE', `another process listens on ${place}: stop it, or choose another port`, {
        cause,
      })
    : new ListenError('ADDRESS_UNAVAILABLE', `cannot listen on ${place} (${cause.code ?? 'unknown'})`, {
        cause,
      })
}

function closeHttp(server: ServerType): Promise<void> {
  if (!server.listening) return Promise.resolve()
  return new Promise((resolve) => {
    server.close(() => resolve())
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
}

/** Where callers reach the server, and what they may call it in `Host`. */
export interface Place {
  readonly url: string
  readonly hosts: ReadonlySet<string>
}

export function placeOf(address: AddressInfo, publicUrl: string | undefined): Place {
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const local = `http://${host}:${address.port}`
  const url = (publicUrl ?? local).replace(/\/$/, '')
  return { url, hosts: new Set([new URL(url).host, new URL(local).host, `localhost:${address.port}`]) }
}
