/**
 * How many connections strangers hold at a listener. Past the limit one is closed for each that comes: the oldest of the
 * source that holds most. So who comes and says something at once is heard, whoever else holds on to what is open.
 * @module
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { sourceOf } from '../../src/core/source-limit.ts'

export function limitConnections(server: Server, connections_max: number): void {
  const held = new Map<string, Set<Socket>>()
  let held_n = 0
  const forget = (source: string, socket: Socket): void => {
    const ofSource = held.get(source)
    if (ofSource?.delete(socket) !== true) return
    held_n--
    if (ofSource.size === 0) held.delete(source)
  }
  server.on('connection', (socket) => {
    const source = sourceOf(socket.remoteAddress)
    held.set(source, (held.get(source) ?? new Set()).add(socket))
    held_n++
    socket.once('close', () => forget(source, socket))
    if (held_n <= connections_max) return
    const [most] = [...held].sort(([, a], [, b]) => b.size - a.size)
    const [oldest] = most?.[1] ?? []
    if (most === undefined || oldest === undefined) return
    forget(most[0], oldest) // it is gone from here on, and not only when it says so
    oldest.destroy()
  })
}
