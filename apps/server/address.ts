/** Where a request comes from. @module */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { AppEnv } from './context.ts'

/** Of the socket: what headers say of it, anybody could write. Empty where the request came by none. */
export function addressOf(c: Context<AppEnv>): string {
  const env = c.env as Partial<HttpBindings> | undefined
  return env?.incoming?.socket.remoteAddress ?? ''
}
