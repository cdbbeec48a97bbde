/** Time stamps of a local authority over real HTTP, and of OpenSSL's where there is one. spec/witness.md, ANC-4. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  startTimeAuthority,
  type Misbehaviour,
  type TimeAuthority,
} from '../../../test/fixtures/time-authority.ts'
import { utf8 } from '../../core/encoding.ts'
import type { AnchorService } from '../../ports/anchor.ts'
import { timestampAnchor } from './authority.ts'
import { tokenReader } from './token.ts'

const NOW = 1_750_000_000_000
const note = utf8('log.example\n1\nroot\n\n\u2014 log.example signature\n')
const never = (): AbortSignal => new AbortController().signal
let now_ms = NOW
const clock = { now: () => now_ms, monotonic: () => 0 }

let authority: TimeAuthority
let longer: TimeAuthority
let stranger: TimeAuthority
beforeAll(async () => {
  const now = (): number => NOW
  authority = await startTimeAuthority({ now })
  longer = await startTimeAuthority({ now, between: true })
  stranger = await startTimeAuthority({ now })
})
afterEach(() => {
  for (const each of [authority, longer, stranger]) each.behave({})
  now_ms = NOW
})
afterAll(() => Promise.all([authority, longer, stranger].map((each) => each.close())))

function service(of: TimeAuthority, roots = of.root): AnchorService {
  return timestampAnchor({ name: 'local', url: of.url, roots, clock })
}

test('a checkpoint is stamped with a time, and the token verifies again offline', async () => {
  const { token, about, at_ms } = await service(authority).anchor(note, never())
  expect([at_ms, about]).toEqual([NOW, note])
  const reader = tokenReader(authority.root)
  expect(await reader.verify(token, note)).toBe(NOW)
  expect(Buffer.from(reader.imprint(token)).toString('hex')).toMatch(/^[0-9a-f]{64}$/)
})

test('a chain over another certificate leads to the root as well, among several roots too', async () => {
  expect((await service(longer, stranger.root + longer.root).anchor(note, never())).at_ms).toBe(NOW)
})

test.each([
  [0, 'refused'],
  [1, 'taken'],
])(
  'below a root with a path length of %d a chain with one certificate between is %s',
  async (pathLength, how) => {
    const short = await startTimeAuthority({ now: () => NOW, between: true, pathLength })
    const answer = await service(short)
      .anchor(note, never())
      .then(
        () => 'taken',
        () => 'refused',
      )
    await short.close()
    expect(answer).toBe(how)
  },
)

describe('a time stamp is refused', () => {
  test.each<[string, Misbehaviour]>([
    ['that answers another request', { nonce: 'other' }],
    ['without a nonce', { nonce: 'none' }],
    ['about something else', { imprint: 'other' }],
    ['by a certificate whose use for time stamping is not critical', { usage: 'not critical' }],
    ['by a certificate that is for something else too', { usage: 'another too' }],
    ['by a certificate that is for nothing', { usage: 'none' }],
    ['by a certificate that has expired', { validity: 'expired' }],
    ['by a certificate that one without authority issued', { issuer: 'not an authority' }],
    ['by a certificate that one issued that is not for certificates', { issuer: 'not for certificates' }],
    ['by a certificate that one for other purposes issued', { issuer: 'for other purposes' }],
    ['under a critical extension that is not known', { issuer: 'unknown extension' }],
    ['by a certificate with a critical extension that is not known', { leaf: 'unknown extension' }],
    ['by a certificate with an extension twice', { leaf: 'an extension twice' }],
    ['by a certificate that is not for signatures', { leaf: 'not for signatures' }],
    ['that does not sign its type', { attributes: 'no content type' }],
    ['that signs another type', { attributes: 'other content type' }],
    ['that does not name its certificate', { attributes: 'no certificate' }],
    ['that names another certificate', { attributes: 'other certificate' }],
    ['that is missing', { noToken: true }],
    ['that is cut short', { token: (der) => der.subarray(0, -5) }],
    ['that goes on', { token: (der) => Buffer.concat([der, Buffer.alloc(3)]) }],
    ['that is no ASN.1', { token: () => utf8('<html></html>') }],
    ['that is something else in ASN.1', { token: () => Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x00) }],
    ['that is too large', { token: () => new Uint8Array(70_000) }],
    ['with a damaged signature', { token: damaged }],
  ])('%s', async (_, how) => {
    authority.behave(how)
    await expect(service(authority).anchor(note, never())).rejects.toThrowWithCode('ANCHOR_INVALID')
  })

  test('of an authority that leads to another root', async () => {
    await expect(service(stranger, authority.root).anchor(note, never())).rejects.toThrowWithCode(
      'ANCHOR_INVALID',
    )
  })

  test.each([-301_000, 301_000])('whose time is %d ms from ours', async (off) => {
    now_ms = NOW + off
    await expect(service(authority).anchor(note, never())).rejects.toThrowWithCode('ANCHOR_INVALID')
  })

  test('offline, over other bytes or with another root', async () => {
    const { token } = await service(authority).anchor(note, never())
    const other = utf8('another checkpoint')
    await expect(tokenReader(authority.root).verify(token, other)).rejects.toThrowWithCode('ANCHOR_INVALID')
    await expect(tokenReader(stranger.root).verify(token, note)).rejects.toThrowWithCode('ANCHOR_INVALID')
  })

  test('or says the same time, when a byte of it is changed: CMS leaves its version and hints unsigned', async () => {
    const { token } = await service(authority).anchor(note, never())
    const reader = tokenReader(authority.root)
    const times: number[] = []
    for (let n = 0; n < 60; n++) {
      const changed = Uint8Array.from(token)
      changed[Math.floor((n * token.length) / 60)]! ^= 0x41
      await reader.verify(changed, note).then(
        (at_ms) => times.push(at_ms),
        () => undefined,
      )
    }
    expect(times.every((at_ms) => at_ms === NOW)).toBe(true)
    expect(times.length).toBeLessThan(6)
  })
})

/** The last byte of the answer is the last of the signature. */
function damaged(der: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(der)
  bytes[bytes.length - 1]! ^= 1
  return bytes
}

describe('an authority that does not stamp', () => {
  test('says why with a status', async () => {
    authority.behave({ status: 2, noToken: true })
    await expect(service(authority).anchor(note, never())).rejects.toThrowWithCode('ANCHOR_FAILED')
  })

  test('fails, or is not there', async () => {
    const gone = { name: 'gone', url: 'http://127.0.0.1:9/', roots: authority.root, clock }
    await expect(timestampAnchor(gone).anchor(note, never())).rejects.toThrowWithCode('ANCHOR_FAILED')
    await expect(service(authority).anchor(note, AbortSignal.abort())).rejects.toThrowWithCode(
      'ANCHOR_FAILED',
    )
  })
})

test.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'a file of roots that holds none is refused: %j',
  (roots) => {
    expect(() => tokenReader(roots)).toThrowWithCode('ANCHOR_INVALID')
  },
)

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)("OpenSSL's time stamp authority (needs openssl)", () => {
  let folder: string
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): Buffer =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-tsa-'))
    writeFileSync(at('serial'), '01\n')
    writeFileSync(
      at('tsa.cnf'),
      `[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\n[stamps]\nextendedKeyUsage=critical,timeStamping\n` +
        `[tsa]\ndefault_tsa=t\n[t]\nserial=${at('serial')}\ncrypto_device=builtin\nsigner_cert=${at('tsa.pem')}\ncerts=${at('ca.pem')}\n` +
        `signer_key=${at('tsa.key')}\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\nordering=yes\ntsa_name=yes\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n`,
    )
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Root',
      '-days',
      '2',
      '-config',
      'tsa.cnf',
      '-extensions',
      'ca',
    )
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'tsa.key',
      '-out',
      'tsa.csr',
      '-subj',
      '/CN=Stamps',
      '-config',
      'tsa.cnf',
    )
    openssl(
      'x509',
      '-req',
      '-in',
      'tsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'tsa.pem',
      '-days',
      '1',
      '-extfile',
      'tsa.cnf',
      '-extensions',
      'stamps',
    )
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('takes our request; we take its answer, and it takes our token back', async () => {
    const server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        writeFileSync(at('request.tsq'), Buffer.concat(parts))
        openssl(
          'ts',
          '-reply',
          '-queryfile',
          'request.tsq',
          '-config',
          'tsa.cnf',
          '-section',
          't',
          '-out',
          'reply.tsr',
        )
        response.end(readFileSync(at('reply.tsr')))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const systemTime = { now: () => Date.now(), monotonic: () => 0 }
    const roots = readFileSync(at('ca.pem'), 'utf8')
    const { token } = await timestampAnchor({ name: 'openssl', url, roots, clock: systemTime }).anchor(
      note,
      never(),
    )
    server.closeAllConnections()
    server.close()
    writeFileSync(at('note'), note)
    writeFileSync(at('token'), token)
    const said = openssl('ts', '-verify', '-data', 'note', '-in', 'token', '-token_in', '-CAfile', 'ca.pem')
    expect(said.toString()).toContain('Verification: OK')
  })
})
