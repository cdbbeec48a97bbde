import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestServer } from './harness.ts'
import { createServer } from './server.ts'
import type { ServerOptions } from './server-options.ts'

let server: TestServer
beforeEach(async () => {
  server = await new TestServer({ separation: 'after' }).start()
})
afterEach(() => server.remove())

test('begins its log with what it is, its keys and the first invitation', async () => {
  const ann = await server.enrol(server.bootstrapSecret)
  const { entries } = (await ann.api.get('/v1/entries')).json
  const types: string[] = entries.map((one: { entry: { type: string } }) => one.entry.type)
  // The first sample of capacity comes when it does.
  expect(types.filter((type) => type !== 'capacity.sampled')).toEqual([
    'log.created',
    'key.created',
    'key.created',
    'key.created',
    'template.preset',
    'person.added',
    'role.preset',
    'break_glass.created',
    'person.enrolled',
    'person.endorsed',
  ])
})

test('keeps keys and database readable by their owner alone, and refuses keys that are not', async () => {
  for (const file of ['keys/issuer.jwk', 'keys/log.jwk', 'countersign.db']) {
    expect(statSync(join(server.dataDir, file)).mode & 0o777).toBe(0o600)
  }
  expect(statSync(join(server.dataDir, 'keys')).mode & 0o777).toBe(0o700)
  await server.running.close()
  chmodSync(join(server.dataDir, 'keys/frame.jwk'), 0o644)
  await expect(server.start()).rejects.toMatchObject({ code: 'KEY_FILE_OPEN' })
})

test('refuses keys of another installation, and files that are no keys', async () => {
  await server.running.close()
  rmSync(join(server.dataDir, 'keys/frame.jwk'))
  await expect(server.start()).rejects.toMatchObject({ code: 'SETUP_MISMATCH' })
  writeFileSync(join(server.dataDir, 'keys/frame.jwk'), '{"kty":"OKP"}', { mode: 0o600 })
  await expect(server.start()).rejects.toMatchObject({ code: 'KEY_INVALID' })
})

test.each<[option: string, asked: Omit<ServerOptions, 'dataDir'>, kept: string]>([
  ['--separation', { separation: 'independent' }, 'after'],
  ['--origin', { origin: 'elsewhere.example/log' }, 'countersign.localhost'],
  ['--rp-id', { rp: { rp_id: 'a.example', origins: ['http://localhost'] } }, 'localhost'],
  ['--rp-origin', { rp: { rp_id: 'localhost', origins: ['https://a.example'] } }, 'http://localhost'],
  ['--simulated', { simulated: true }, 'false'],
  ['the bound', { boundMs: 3000 }, '2000'],
])('does not drop %s silently when the first start chose another', async (option, asked, kept) => {
  const { dataDir } = server
  await server.running.close()
  const refused = await createServer({ dataDir, ...asked }).catch((fault: unknown) => fault)
  expect(refused).toMatchObject({
    code: 'SETUP_MISMATCH',
    message: expect.stringMatching(
      `^${option} is ${kept} here since the first start: leave it out, or .*--data`,
    ),
  })
  await server.start()
})

test('keeps what its first start chose when nothing is asked, wherever it listens now', async () => {
  const { dataDir } = server
  await server.running.close()
  const rpDefault = { rp_id: 'localhost', origins: ['http://localhost:7401'] }
  const later = await createServer({ dataDir, rpDefault })
  const info: unknown = await (await fetch(`${later.url}/.well-known/countersign`)).json()
  await later.close()
  expect(info).toMatchObject({ rp_id: 'localhost', origins: ['http://localhost'] })
  await server.start()
})

test('does not start on a log that was rewritten', async () => {
  await server.running.close()
  server.skipsRebuild = true
  const db = new DatabaseSync(join(server.dataDir, 'countersign.db'))
  db.exec("UPDATE entries SET bytes = CAST(replace(bytes, 'independent', 'dependent') AS BLOB)")
  db.exec('UPDATE entries SET bytes = CAST(replace(bytes, \'"after"\', \'"later"\') AS BLOB)')
  db.close()
  await expect(server.start()).rejects.toMatchObject({ code: 'LOG_DIVERGED' })
})

test('stops with the reason when the log is rewritten underneath it', async () => {
  const ann = await server.enrol(server.bootstrapSecret)
  server.skipsRebuild = true
  const db = new DatabaseSync(join(server.dataDir, 'countersign.db'))
  db.exec('UPDATE entries SET bytes = CAST(replace(bytes, \'"after"\', \'"later"\') AS BLOB) WHERE idx = 0')
  db.close()
  await ann.api.post('/v1/systems', { name: 'CRM' })
  expect(await server.running.stopped).toMatchObject({ code: 'LOG_DIVERGED' })
})

test('records nothing more while the log cannot be published, but still revokes', async () => {
  const ann = await server.enrol(server.bootstrapSecret)
  const agent = await server.agent(ann, ann)
  rmSync(join(server.dataDir, 'log'), { recursive: true })
  writeFileSync(join(server.dataDir, 'log'), 'in the way')
  let answer = await ann.api.post('/v1/people', { name: 'one' })
  while (answer.status === 200) answer = await ann.api.post('/v1/people', { name: 'more' })
  expect([answer.status, answer.json.error.code]).toEqual([503, 'LOG_NOT_PUBLISHED'])
  expect((await fetch(`${server.base()}/healthz`)).status).toBe(503)
  const revoked = await ann.api.post('/v1/revocations', { kind: 'agent', target: agent.id, reason: 'stop' })
  expect(revoked.json.frames).toEqual([1])
  // An OAuth client is asked who it is where it may stop something or ask; what would be new is not begun.
  const oauth = async (path: string) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(`${server.base()}/oauth/${path}`, { method: 'POST', headers, body: 'a=b' })
    return ((await response.json()) as { error: string }).error
  }
  expect([await oauth('revoke'), await oauth('introspect'), await oauth('token')]).toEqual([
    'invalid_client',
    'invalid_client',
    'temporarily_unavailable',
  ])
  rmSync(join(server.dataDir, 'log'))
  mkdirSync(join(server.dataDir, 'log'))
})

test('a second server on the same data is refused', async () => {
  const first = server.running
  await expect(server.start()).rejects.toMatchObject({ code: 'LOG_LOCKED' })
  await first.close()
})

test('describes itself', async () => {
  const document = (await (await fetch(`${server.base()}/openapi.json`)).json()) as {
    openapi: string
    paths: Record<string, object>
  }
  expect(document.openapi).toBe('3.1.0')
  for (const path of ['/v1/delegations/drafts/{jti}/seal', '/status/{list}', '/oauth/token']) {
    expect(Object.keys(document.paths)).toContain(path)
  }
})
