/** `kill -9` of a witness while a log submits to it: what it cosigned it remembers. spec/witness.md, WIT-6. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpWitness } from '../../src/adapters/http/witness.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { signCheckpoint } from '../../src/log/checkpoint.ts'
import { consistencyProof, leafHash, rootOf, type NodeReader } from '../../src/log/merkle.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { formatAddCheckpoint } from '../../src/log/witness-request.ts'
import { CLI, Process, until } from '../fixtures/processes.ts'

const ROUNDS = 8
const ORIGIN = 'log.example/killed'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))
const leaves = Array.from({ length: 4_000 }, (_, i) => leafHash(crypto, utf8(String(i))))
const read: NodeReader = (level, index) =>
  rootOf(crypto, leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))

let data: string
let running: Process | null = null
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'countersign-killed-'))
})
afterAll(async () => {
  await running?.end('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

async function start(): Promise<{ process: Process; url: string }> {
  const args = ['--json', 'witness', '--data', data, '--name', 'w.example', '--log', vkey, '--port', '0']
  const started = new Process(process.execPath, [CLI, ...args])
  running = started
  const line = await until('the witness is up', () => {
    if (!started.isRunning) throw new Error(`the witness ended: ${started.output}`)
    return started.lines[0]
  })
  return { process: started, url: (JSON.parse(line) as { url: string }).url }
}

async function body(old_size: number, size: number): Promise<Uint8Array> {
  const note = signCheckpoint(crypto, signer, {
    origin: ORIGIN,
    size,
    root: rootOf(crypto, leaves.slice(0, size)),
  })
  const proof =
    old_size === 0 || old_size === size ? [] : await consistencyProof(crypto, read, old_size, size)
  return formatAddCheckpoint({ old_size, proof, note })
}

test(`a witness killed ${ROUNDS} times never tells a smaller size than it cosigned, and goes on from there`, async () => {
  let cosigned = 0
  let kills = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { process: witness, url } = await start()
    const asking = httpWitness(url)
    const told = await asking.addCheckpoint(await body(0, 1), AbortSignal.timeout(10_000))
    const size = told.kind === 'conflict' ? told.size : 1
    // At most one checkpoint more than we heard of was stored: the one in flight when it was killed.
    expect([cosigned, cosigned + 1, 1]).toContain(size)
    expect(size).toBeGreaterThanOrEqual(cosigned)
    cosigned = size
    const killAt = cosigned + 3 + 5 * round
    for (;;) {
      const submitted = asking.addCheckpoint(await body(cosigned, cosigned + 1), AbortSignal.timeout(10_000))
      if (cosigned >= killAt) witness.child.kill('SIGKILL')
      const reply = await submitted.catch(() => null)
      if (reply === null) break
      expect(reply.kind).toBe('cosigned')
      cosigned++
    }
    kills++
    await witness.ended
  }
  expect(kills).toBe(ROUNDS)
  expect(cosigned).toBeGreaterThan(ROUNDS * 3)
}, 60_000)
