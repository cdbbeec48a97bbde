/** What becomes of the version that an agent reports. spec/inventory.md (VER-3 to VER-6). @module */
import { beforeEach, describe, expect, test } from 'vitest'
import { AGENT, AUD, digestOf, ISS, NOW_S, SettableClock, World } from '../../test/fixtures/tokens.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import { argsCommit, signCallProof, signSessionProof } from '../token/proof.ts'
import { signVersion, type VersionReport } from '../token/version.ts'
import { Authenticator } from './authenticate.ts'
import type { Authenticated } from './authenticate.ts'
import type { VersionGateOptions } from './versions.ts'

const w = new World()
const ARGS = { path: '/data/a' }
const SALT = base64url(new Uint8Array(32).fill(7))
const NEXT = digestOf('next')
const APPROVED = digestOf('manifest')

let clock: SettableClock
beforeEach(() => {
  clock = new SettableClock()
})

const pointThat = (
  versions: Pick<VersionGateOptions, 'required' | 'hosted'> = {},
  hosted?: string,
): Authenticator =>
  new Authenticator({
    crypto: w.crypto,
    clock,
    trust: () => w.trust(),
    audience: AUD,
    versions,
    ...(hosted === undefined ? {} : { hosted }),
  })

const now = (): number => Math.floor(clock.now() / 1000)

function open(point: Authenticator, report: Partial<VersionReport>): ReturnType<Authenticator['open']> {
  const { challenge, key: peer } = point.challenge()
  const x25519 = base64url(w.crypto.x25519().publicKey)
  const target = { aud: AUD, nonce: challenge, iat: now() }
  const keys = { x25519, peer, ...report }
  return point.open(signSessionProof(w.crypto, w.signer('agent-1'), w.root(), target, keys))
}

function call(point: Authenticator, report: Partial<VersionReport>): Authenticated {
  const nonce = `${point.challenge().challenge}.${base64url(w.crypto.randomBytes(16))}`
  const args_commit = argsCommit(w.crypto, fromBase64url(SALT), ARGS)
  const target = { aud: AUD, nonce, iat: now() }
  const proven = { server: 'files', tool: 'read', args_commit, ...report }
  const presentation = signCallProof(w.crypto, w.signer('agent-1'), w.root(), target, proven)
  const credential = { kind: 'call' as const, presentation, salt: SALT }
  return point.authenticate({ server: 'files', tool: 'read', args: ARGS, credential, definition_hash: null })
}

const statement = (edit: object = {}, signer = w.issuer): string =>
  signVersion(w.crypto, signer, {
    iss: ISS,
    agent: AGENT.id,
    manifest: NEXT,
    iat: NOW_S,
    exp: NOW_S + 3600,
    ...edit,
  })

describe('a session', () => {
  test('opens for the version that the root names', () => {
    const opened = open(pointThat(), { manifest: APPROVED })
    expect(opened).toMatchObject({ ok: true, session: { manifest: APPROVED } })
  })

  test('is refused to a version that nobody approved', () => {
    expect(open(pointThat(), { manifest: NEXT })).toEqual({ ok: false, reason: 'VERSION_NOT_APPROVED' })
  })

  test('opens for another one with the word of the issuer, and ends with that word', () => {
    const opened = open(pointThat(), { manifest: NEXT, version: statement({ exp: NOW_S + 60 }) })
    expect(opened).toMatchObject({ ok: true, session: { expires_ms: (NOW_S + 60) * 1000 } })
  })

  test.each([
    ['of another agent', () => statement({ agent: 'agt_other' })],
    ['of another version', () => statement({ manifest: digestOf('other') })],
    ['of another issuer', () => statement({ iss: 'https://other.example' })],
    ['that is over', () => statement({ iat: NOW_S - 100, exp: NOW_S })],
    ['from the future', () => statement({ iat: NOW_S + 120, exp: NOW_S + 200 })],
    ['by a key that is not the issuer’s', () => statement({}, w.signer('agent-1'))],
    ['that is none', () => 'not.a.jws'],
  ])('is refused with a statement %s', (_, version) => {
    const opened = open(pointThat(), { manifest: NEXT, version: version() })
    expect(opened).toEqual({ ok: false, reason: 'VERSION_NOT_APPROVED' })
  })

  test('need not report a version, but where the point wants to know it', () => {
    expect(open(pointThat(), {})).toMatchObject({ ok: true, session: { manifest: null } })
    expect(open(pointThat({ required: true }), {})).toEqual({ ok: false, reason: 'VERSION_NOT_REPORTED' })
  })
})

describe('a call by itself', () => {
  test('says in its record what was reported, approved or not', () => {
    expect(call(pointThat(), { manifest: APPROVED })).toMatchObject({ reason: null, manifest: APPROVED })
    expect(call(pointThat(), { manifest: NEXT })).toMatchObject({
      reason: 'VERSION_NOT_APPROVED',
      manifest: NEXT,
    })
    expect(call(pointThat({ required: true }), {}).reason).toBe('VERSION_NOT_REPORTED')
  })
})

describe('a hosted client', () => {
  const hosted = (manifest: string): Authenticated =>
    pointThat({ hosted: { manifest } }, w.root()).authenticate({
      server: 'files',
      tool: 'read',
      args: ARGS,
      credential: { kind: 'hosted' },
      definition_hash: null,
    })

  test('runs what the gateway was told that it runs', () => {
    expect(hosted(APPROVED)).toMatchObject({ reason: null, binding: 'hosted', manifest: APPROVED })
    expect(hosted(NEXT).reason).toBe('VERSION_NOT_APPROVED')
  })
})
