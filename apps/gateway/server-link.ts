/** A tool server as one session has it: a process, or an address. spec/gateway.md (GWH-6). @module */
import type { Frame } from '../../src/enforce/adapters/mcp/frames.ts'

export interface LinkEvents {
  /**
   * One message of the server.
   * @param key of the request on whose stream it came; null: on none, or the link cannot tell
   * @param status of HTTP, when the message was the whole answer
   */
  frame(frame: Frame, key: string | null, status?: number): void
  /** The stream of a request was opened with nothing in it yet, or closed with the answer to follow. */
  stream(key: string, what: 'primed' | 'cut', retry_ms?: number): void
  /** Nothing more will come. */
  ended(): void
}

/** What a client's request says besides its body. */
export type PassedHeaders = Readonly<Record<string, string>>

export interface ServerLink {
  /** @param key of a request that waits for an answer */
  send(line: string, key?: string): void
  /** Resolves when the server has taken what was sent without waiting for an answer. Never rejects. */
  settled(): Promise<void>
  /** Reads no more, or again: the client is slow. */
  pause(): void
  resume(): void
  /** Asks for what the server says of itself. @returns the status to give to the client: 200 when it may come */
  listen(): Promise<number>
  /** The client has gone away and wants no answer any more: of a revision without sessions. */
  abandon(key: string): void
  close(): void
}
