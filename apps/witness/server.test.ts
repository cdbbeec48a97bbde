/** The statuses of tlog-witness over real HTTP, and what the witness leaves on disk. spec/witness.md, WIT-5. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64, concat, utf8 } from '../../src/core/encoding.ts'
import { signCheckpoint } from '../../src/log/checkpoint.ts'
import { parseCosignerVkey } from '../../src/log/cosignature.ts'
import { leafHash, rootOf } from '../../src/log/merkle.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { checkSplitView } from '../../src/log/split-view.ts'
import { formatAddCheckpoint } from '../../src/log/witness-request.ts'
import { createWitness, type RunningWitness, type WitnessServerOptions } from './server.ts'

const ORIGIN = 'log.example/test'
const signer = crypto.signer(crypto.generateKey('Ed25519'))
const vkey = formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))

let dataDir: string
let witness: RunningWitness
let now_ms: number
let reports: string[]
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'countersign-witness-'))
  now_ms = 1_700_000_000_000
  reports = []
  witness = await start()
})
afterEach(async () => {
  await witness.close()
  rmSync(dataDir, { recursive: true, force: true })
})

function start(changes: Partial<WitnessServerOptions> = {}): Promise<RunningWitness> {
  return createWitness({
    dataDir,
    name: 'witness.example/w1',
    logs: [vkey],
    host: '127.0.0.1',
    port: 0,
    clock: { now: () => now_ms, monotonic: () => 0 },
    report: (message) => void reports.push(message),
    ...changes,
  })
}

function note(size: number, salt = '', by = signer, origin = ORIGIN): Uint8Array {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(crypto, utf8(`${salt}${i}`)))
  return signCheckpoint(crypto, by, { origin, size, root: rootOf(crypto, leaves) })
}

const add = (old_size: number, checkpoint: Uint8Array, proof: Uint8Array[] = []): Uint8Array =>
  formatAddCheckpoint({ old_size, proof, note: checkpoint })

/** A note with a line that a stranger added, as anybody may. */
function withLine(checkpoint: Uint8Array, i: number): Uint8Array {
  return concat(checkpoint, utf8(`\u2014 stranger.example ${base64(new Uint8Array(68).fill(i))}\n`))
}

async function post(body: Uint8Array): Promise<[number, string, string]> {
  const response = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body })
  return [response.status, response.headers.get('content-type') ?? '', await response.text()]
}

describe('add-checkpoint answers', () => {
  test('200 with one signature line', async () => {
    const [status, , body] = await post(add(0, note(5)))
    expect([status, body]).toEqual([
      200,
      expect.stringMatching(/^\u2014 witness\.example\/w1 [A-Za-z0-9+/]{102}==\n$/),
    ])
  })

  test('409 with its size, in the type of the protocol', async () => {
    expect(await post(add(3, note(5)))).toEqual([409, 'text/x.tlog.size', '0\n'])
    await post(add(0, note(5)))
    expect(await post(add(0, note(5)))).toEqual([409, 'text/x.tlog.size', '5\n'])
  })

  test('400, 403, 404, 413 and 422', async () => {
    const stranger = crypto.signer(crypto.generateKey('Ed25519'))
    const statuses = [
      await post(utf8('old 5')),
      await post(add(6, note(5))),
      await post(add(0, note(5, '', stranger))),
      await post(add(0, note(5, '', signer, 'elsewhere.example'))),
      await post(new Uint8Array(129 * 1024)),
      await post(add(0, note(5))),
      await post(add(5, note(6))),
    ].map(([status]) => status)
    expect(statuses).toEqual([400, 400, 403, 404, 413, 200, 422])
  })

  test('405 to another method, and 404 elsewhere', async () => {
    const got = await fetch(`${witness.url}/add-checkpoint`)
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await fetch(`${witness.url}/`)).status).toBe(404)
  })

  test('503 while its clock is behind, and says so to the operator', async () => {
    await post(add(0, note(5)))
    now_ms -= 400_000
    expect((await post(add(5, note(5))))[0]).toBe(503)
    expect(reports).toEqual([expect.stringContaining('clock')])
  })

  test('503 when the state cannot be written', async () => {
    rmSync(dataDir, { recursive: true, force: true })
    expect((await post(add(0, note(5))))[0]).toBe(503)
  })
})

describe('on disk the witness', () => {
  test('keeps its key private, and its vkey across restarts', async () => {
    const { vkey: before } = witness
    expect(parseCosignerVkey(crypto, before).name).toBe('witness.example/w1')
    expect(statSync(join(dataDir, 'keys/witness.jwk')).mode & 0o777).toBe(0o600)
    await witness.close()
    witness = await start()
    expect(witness.vkey).toBe(before)
  })

  test('remembers across restarts what it cosigned', async () => {
    await post(add(0, note(5)))
    await witness.close()
    witness = await start()
    expect(await post(add(0, note(7)))).toEqual([409, 'text/x.tlog.size', '5\n'])
  })

  test('is one process', async () => {
    await expect(start()).rejects.toThrowWithCode('LOG_LOCKED')
  })

  test('leaves evidence of a split view that anyone checks, once for each checkpoint', async () => {
    await post(add(0, note(5)))
    for (const again of [1, 2])
      expect([again, (await post(add(5, note(5, 'fork'))))[0]]).toEqual([again, 409])
    const files = readdirSync(join(dataDir, 'evidence'))
    expect(files).toHaveLength(1)
    const evidence: unknown = JSON.parse(readFileSync(join(dataDir, 'evidence', files[0]!), 'utf8'))
    expect(checkSplitView(crypto, evidence, vkey)).toBe(true)
    expect(reports).toEqual([expect.stringContaining('SPLIT_VIEW')])
  })

  test('leaves both checkpoints when no consistency was shown', async () => {
    await post(add(0, note(5)))
    await post(add(5, note(7, 'fork')))
    const [file] = readdirSync(join(dataDir, 'evidence'))
    const evidence = readFileSync(join(dataDir, 'evidence', file!), 'utf8')
    expect(JSON.parse(evidence)).toMatchObject({
      kind: 'unproven',
      submitted: Buffer.from(note(7, 'fork')).toString(),
    })
  })

  describe('keeps room for evidence of a fork, whatever strangers send:', () => {
    const junk = [new Uint8Array(32)]
    const evidence = (): string[] => {
      const folder = join(dataDir, 'evidence')
      return existsSync(folder) ? readdirSync(folder) : []
    }
    async function forkIsKept(): Promise<void> {
      reports.length = 0
      const before = evidence()
      expect((await post(add(5, note(5, 'fork'))))[0]).toBe(409)
      expect(reports).toEqual([expect.stringContaining('SPLIT_VIEW')])
      expect(evidence()).toHaveLength(before.length + 1)
    }

    test('the tree it cosigned, with wrong proofs and other lines, is no evidence', async () => {
      await post(add(0, note(5)))
      for (let i = 0; i < 65; i++) expect((await post(add(5, withLine(note(5), i), junk)))[0]).toBe(422)
      expect([evidence(), reports]).toEqual([[], []])
      await forkIsKept()
    })

    test('one later tree with wrong proofs and other lines is kept once, as the log signed it', async () => {
      await post(add(0, note(5)))
      for (let i = 0; i < 65; i++) expect((await post(add(5, withLine(note(7), i), junk)))[0]).toBe(422)
      const [file = '', ...more] = evidence()
      expect(more).toEqual([])
      const kept: unknown = JSON.parse(readFileSync(join(dataDir, 'evidence', file), 'utf8'))
      expect(kept).toMatchObject({ submitted: Buffer.from(note(7)).toString() })
      await forkIsKept()
    })

    test('64 later trees without a proof are kept and no more', async () => {
      await post(add(0, note(5)))
      for (let size = 6; size < 71; size++) await post(add(5, note(size)))
      expect([evidence().length, reports.length]).toEqual([64, 64])
      await forkIsKept()
    })

    test('of 65 forks 64 are kept, and all are reported', async () => {
      await post(add(0, note(5)))
      for (let i = 0; i < 65; i++) await post(add(5, note(5, `fork ${i} `)))
      expect([evidence().length, reports.length]).toEqual([64, 65])
      expect(reports.at(-1)).toContain('SPLIT_VIEW')
    })
  })
})

test('a port that is taken is said, and nothing stays held', async () => {
  const port = Number(new URL(witness.url).port)
  const elsewhere = mkdtempSync(join(tmpdir(), 'countersign-witness-'))
  await expect(start({ port, dataDir: elsewhere })).rejects.toThrowWithCode('PORT_IN_USE')
  await (await start({ dataDir: elsewhere })).close()
  rmSync(elsewhere, { recursive: true, force: true })
})
