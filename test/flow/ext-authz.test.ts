/** `countersign ext-authz` as Envoy asks it: the request's method, path, headers and body. spec/sdk.md SDK-13. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectHttp } from 'countersign'
import type { HttpConnection } from '../../src/enforce/adapters/http/client.ts'
import { listening, stopped } from './http-frameworks.ts'
import { sdkPoint } from './stage-sdk.ts'
import { CLI, setFlowStage, type FlowStage } from './stage.ts'

const ORIGIN = 'https://notes.example'
const ROUTES = ['GET /notes/:id', 'POST /notes/:id', 'GET /files/*']

let stage: FlowStage
let command: ChildProcess
let checks: string
let notes: HttpConnection
/** Paths that reached the service, with the action that the check gave. */
const reached: [string, string | undefined][] = []

/** What Envoy does: asks, then sends the request on or answers as it was answered. */
const proxy = createServer((request, response) => {
  const parts: Buffer[] = []
  request
    .on('data', (part: Buffer) => parts.push(part))
    .on('end', () => {
      const { method, url, headers } = request
      const target = new URL(checks)
      const asked = httpRequest(
        { host: target.hostname, port: target.port, method, path: `/check${url ?? ''}`, headers },
        (answer) => {
          if (answer.statusCode === 200) {
            answer.resume()
            reached.push([url ?? '', answer.headers['countersign-action'] as string | undefined])
            response.writeHead(200, { 'dpop-nonce': answer.headers['dpop-nonce'] }).end('the service')
            return
          }
          response.writeHead(answer.statusCode ?? 500, answer.headers)
          answer.pipe(response)
        },
      )
      asked.end(Buffer.concat(parts))
    })
})

beforeAll(async () => {
  stage = await setFlowStage()
  const grants = [
    {
      type: 'tool' as const,
      server: 'notes',
      actions: ['GET /notes/:id'],
      constraints: { id: { in: ['a'] } },
    },
    {
      type: 'tool' as const,
      server: 'notes',
      actions: ['POST /notes/:id'],
      constraints: { amount: { max: 10 } },
    },
    {
      type: 'tool' as const,
      server: 'notes',
      actions: ['GET /files/*'],
      constraints: { '*': { glob: 'public/**' } },
    },
  ]
  const at = await sdkPoint(stage, 'envoy', 'gateway', grants)
  await writeFile(join(stage.folder, 'routes.json'), JSON.stringify(ROUTES))
  const args = [
    'ext-authz',
    '--point',
    at.point,
    '--origin',
    ORIGIN,
    '--routes',
    join(stage.folder, 'routes.json'),
  ]
  command = spawn(process.execPath, [CLI, ...args, '--listen', '0', '--prefix', '/check'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: string[] = []
  for await (const line of createInterface({ input: command.stderr! })) {
    said.push(line)
    const found = /answers at (http:\S+)/.exec(line)
    if (found?.[1] === undefined) continue
    checks = found[1]
    break
  }
  if (checks === undefined) throw new Error(said.join('\n'))
  const url = await listening(proxy)
  const send = (to: string, init: RequestInit): Promise<Response> => fetch(to.replace(ORIGIN, url), init)
  notes = await connectHttp({ key: at.key, origin: ORIGIN, server: 'notes', fetch: send })
})
afterAll(async () => {
  const ended = once(command, 'exit')
  command.kill('SIGTERM')
  await ended
  await stopped(proxy)
  await stage.remove()
})

test('200 for what is granted, with the action for the service', async () => {
  const answer = await notes.call('GET /notes/:id', { id: 'a' })
  expect(answer.response.status).toBe(200)
  expect(reached).toEqual([['/notes/a', expect.stringMatching(/^act_/) as string]])
})

test('403 with the reason for what is not, and the service is not reached', async () => {
  reached.length = 0
  const answer = await notes.call('GET /notes/:id', { id: 'b' })
  expect(answer).toMatchObject({ decision: 'deny', reasons: ['CONSTRAINT_VIOLATED'] })
  expect(answer.response.headers.get('countersign-reasons')).toBe('CONSTRAINT_VIOLATED')
  expect(reached).toEqual([])
})

test('the body that Envoy sends along is decided on', async () => {
  expect(await notes.call('POST /notes/:id', { id: 'a', amount: 3 })).toMatchObject({ decision: 'allow' })
  expect(await notes.call('POST /notes/:id', { id: 'a', amount: 30 })).toMatchObject({ decision: 'deny' })
})

test('401 without a proof, 403 for what no route takes, and the rest of a path as an argument', async () => {
  const bare = await fetch(`${checks}/check/notes/a`)
  expect(bare.status).toBe(401)
  expect(bare.headers.get('dpop-nonce')).not.toBeNull()
  const unknown = await fetch(`${checks}/check/admin`)
  expect([unknown.status, unknown.headers.get('countersign-reasons')]).toEqual([403, 'METHOD_NOT_GRANTED'])
  const outside = await fetch(`${checks}/notes/a`)
  expect(outside.status).toBe(403)
  expect(await notes.call('GET /files/*', { '*': 'public/a/b.txt' })).toMatchObject({ decision: 'allow' })
  expect(await notes.call('GET /files/*', { '*': 'secret/b.txt' })).toMatchObject({
    reasons: ['CONSTRAINT_VIOLATED'],
  })
})
