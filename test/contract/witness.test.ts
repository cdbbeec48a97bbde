/** The ways to ask a witness against their contract, and what is HTTP's alone. @module */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createWitness, type RunningWitness } from '../../apps/witness/server.ts'
import { httpWitness } from '../../src/adapters/http/witness.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { parseCosignerVkey } from '../../src/log/cosignature.ts'
import { formatVkey } from '../../src/log/note.ts'
import { Witness } from '../../src/log/witness.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { memoryCheckpointLock } from './checkpoint-lock.ts'
import { directWitness, LOG_KEY, witnessContract } from './witness.ts'

const folders: string[] = []
const running: RunningWitness[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
  for (const each of servers.splice(0)) {
    each.closeAllConnections()
    each.close()
  }
})
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

witnessContract('http', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-witness-'))
  folders.push(dataDir)
  const options = { dataDir, name: 'w.example', logs: [formatVkey(LOG_KEY)], host: '127.0.0.1', port: 0 }
  const witness = await createWitness({ ...options, report: () => undefined })
  running.push(witness)
  return { connection: httpWitness(`${witness.url}/`), key: parseCosignerVkey(crypto, witness.vkey) }
})

witnessContract('direct', async () => {
  const witness = new Witness({
    crypto,
    clock: systemClock,
    name: 'w.example',
    signer: crypto.signer(crypto.generateKey('Ed25519')),
    logs: [LOG_KEY],
    stateOf: () => memoryCheckpointLock({ holder: null, stored: null }),
  })
  await witness.start()
  return { connection: directWitness(witness), key: witness.key }
})

describe('a server that is no witness', () => {
  async function asking(answer: RequestListener): Promise<unknown> {
    const server = createServer(answer)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return httpWitness(`http://127.0.0.1:${port}`).addCheckpoint(
      new Uint8Array(1),
      AbortSignal.timeout(20_000),
    )
  }

  test.each<[string, RequestListener]>([
    ['a status that the protocol has not', (_, r) => r.writeHead(500).end()],
    ['a redirect', (_, r) => r.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
    ['a conflict without a size', (_, r) => r.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('')],
    ['a conflict of another type', (_, r) => r.writeHead(409, { 'content-type': 'text/plain' }).end('5\n')],
    [
      'a size with a leading zero',
      (_, r) => r.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('05\n'),
    ],
    ['a size without a newline', (_, r) => r.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('5')],
    ['an answer without end', (_, r) => r.writeHead(200).end(Buffer.alloc(65 * 1024))],
    ['a broken connection', (request) => request.socket.destroy()],
  ])('is unavailable: %s', async (_, answer) => {
    await expect(asking(answer)).rejects.toThrowWithCode('WITNESS_UNAVAILABLE')
  })
})
