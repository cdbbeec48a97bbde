/** The anchors against their contract, and what is the mail's alone. spec/witness.md, ANC-1 to ANC-4. */
import { afterEach, describe, expect, test } from 'vitest'
import { cosignatureAnchor } from '../../apps/server/anchoring.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { mailAnchor, type MailAnchorOptions } from '../../src/adapters/smtp/mail-anchor.ts'
import { timestampAnchor } from '../../src/adapters/tsa/authority.ts'
import { tokenReader } from '../../src/adapters/tsa/token.ts'
import { fromUtf8 } from '../../src/core/encoding.ts'
import { Cosigner } from '../../src/log/cosigner.ts'
import { formatVkey } from '../../src/log/note.ts'
import { kOfN } from '../../src/log/policy.ts'
import { Witness } from '../../src/log/witness.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { startMailServer, type MailServer, type MailServerOptions } from '../fixtures/mail-server.ts'
import { startTimeAuthority } from '../fixtures/time-authority.ts'
import { ANCHORED_LOG, anchorContract, checkpointOf } from './anchor.ts'
import { memoryCheckpointLock } from './checkpoint-lock.ts'
import { memoryTileStore } from './tile-store.ts'
import { directWitness } from './witness.ts'

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()))
})

const never = (): AbortSignal => new AbortController().signal

async function mailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const server = await startMailServer(options)
  running.push(server)
  return server
}

function mailTo(server: MailServer, changes: Partial<MailAnchorOptions> = {}) {
  return mailAnchor({
    name: 'custodian',
    from: 'log@company.example',
    to: 'keeper@elsewhere.example',
    host: '127.0.0.1',
    port: server.port,
    tls: 'starttls',
    auth: null,
    ca: server.ca,
    clock: systemClock,
    ...changes,
  })
}

anchorContract('time stamp', true, async () => {
  const authority = await startTimeAuthority({ now: Date.now })
  running.push(authority)
  return {
    service: timestampAnchor({
      name: 'local',
      url: authority.url,
      roots: authority.root,
      clock: systemClock,
    }),
    trust: { cosigners: [], tokens: tokenReader(authority.root) },
    now_ms: Date.now(),
    fail: async () => authority.behave({ status: 2, noToken: true }),
  }
})

anchorContract('mail', false, async () => {
  const server = await mailServer()
  return {
    service: mailTo(server),
    trust: { cosigners: [], tokens: null },
    now_ms: Date.now(),
    fail: async () => {
      await server.close()
    },
  }
})

anchorContract('cosignature', true, async () => {
  const witness = new Witness({
    crypto,
    clock: systemClock,
    name: 'witness.example/w1',
    signer: crypto.signer(crypto.generateKey('Ed25519')),
    logs: [ANCHORED_LOG],
    stateOf: () => memoryCheckpointLock({ holder: null, stored: null }),
  })
  await witness.start()
  const { key } = witness
  const cosigner = new Cosigner({
    crypto,
    clock: systemClock,
    tiles: memoryTileStore(),
    vkey: formatVkey(ANCHORED_LOG),
    peers: [{ key, connection: directWitness(witness) }],
    quorum: kOfN(1, [{ key, url: null }]).quorum,
    mode: 'best_effort',
    deadline: never,
  })
  return {
    service: cosignatureAnchor(cosigner, key),
    trust: { cosigners: [key], tokens: null },
    now_ms: Date.now(),
    fail: () => witness.stop(),
  }
})

describe('a checkpoint by mail', () => {
  const note = checkpointOf(7)

  test('arrives at the named address over TLS, with the exact bytes attached', async () => {
    const server = await mailServer({ login: { user: 'log', pass: 'secret' } })
    const { token } = await mailTo(server, { auth: { user: 'log', pass: 'secret' } }).anchor(note, never())
    expect(token).toEqual(note)
    const [mail] = server.mails
    expect(mail).toMatchObject({ to: ['keeper@elsewhere.example'], secure: true, user: 'log' })
    const attached = /filename=checkpoint[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+?)\r\n\r?\n?--/.exec(
      mail?.text ?? '',
    )?.[1]
    expect(Buffer.from(attached ?? '', 'base64').toString()).toBe(fromUtf8(note))
    expect(mail?.text).toContain('Subject: Checkpoint of log.example/anchored: 7 entries')
  })

  test.each<[string, MailServerOptions, Partial<MailAnchorOptions>]>([
    ['the server has no TLS and it was to be used', { starttls: false }, {}],
    ['the certificate is not one that is trusted', {}, { ca: null }],
    [
      'the login is wrong',
      { login: { user: 'log', pass: 'secret' } },
      { auth: { user: 'log', pass: 'wrong' } },
    ],
    ['the address is refused', { refuses: true }, {}],
  ])('fails when %s, and says no address and no password', async (_, options, changes) => {
    const server = await mailServer(options)
    const failed = mailTo(server, changes).anchor(note, never())
    await expect(failed).rejects.toThrowWithCode('ANCHOR_FAILED')
    await expect(failed).rejects.not.toThrow(/keeper|wrong|secret/)
    expect(server.mails).toEqual([])
  })

  test('is given up when the time is over', async () => {
    const server = await mailServer()
    await expect(mailTo(server).anchor(note, AbortSignal.abort())).rejects.toThrowWithCode('ANCHOR_FAILED')
  })
})
