/**
 * Envelopes of attestations under tools that have nothing of ours: the pre-authentication encoding put together by
 * Python, the signature checked by openssl alone. spec/attestation.md (ATT-5).
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { canonicalBytes } from '../../src/core/json.ts'
import { AttestationWorld, CONTENT } from '../../vectors/attestation/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-dsse-'))
afterAll(() => rmSync(folder, { recursive: true }))
const w = new AttestationWorld('outside')

/** Reads a bundle as its pages describe it; writes what was signed, the signature and the key as SubjectPublicKeyInfo. */
const TAKE_APART = `
import base64, hashlib, json, sys
bundle = json.load(open(sys.argv[1]))
envelope = bundle['envelope']
kind = envelope['payloadType'].encode()
payload = base64.b64decode(envelope['payload'], validate=True)
signature = envelope['signatures'][0]
key = next(k['jwk'] for k in bundle['keys'] if k['kid'] == signature['keyid'])
members = json.dumps({'crv': key['crv'], 'kty': key['kty'], 'x': key['x']}, separators=(',', ':'), sort_keys=True)
thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b'=').decode()
assert thumbprint == signature['keyid']
open('pae', 'wb').write(b'DSSEv1 %d %s %d %s' % (len(kind), kind, len(payload), payload))
open('sig', 'wb').write(base64.b64decode(signature['sig'], validate=True))
point = base64.urlsafe_b64decode(key['x'] + '=')
open('key.der', 'wb').write(bytes.fromhex('302a300506032b6570032100') + point)
statement = json.loads(payload)
assert statement['_type'] == 'https://in-toto.io/Statement/v1'
print(statement['subject'][0]['digest']['sha256'], statement['predicate']['role'])
`

function takeApart(bundle: object): string {
  writeFileSync(join(folder, 'bundle.json'), canonicalBytes(bundle as never))
  return execFileSync('python3', ['-c', TAKE_APART, 'bundle.json'], { cwd: folder }).toString().trim()
}

function openssl(): string {
  const args = [
    'pkeyutl',
    '-verify',
    '-pubin',
    '-inkey',
    'key.der',
    '-keyform',
    'DER',
    '-rawin',
    '-in',
    'pae',
    '-sigfile',
    'sig',
  ]
  const { stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  return stdout + stderr
}

test('openssl alone verifies the envelope, and sha256sum the output', () => {
  const said = takeApart(w.bundle(w.good('supervised')))
  expect(openssl()).toContain('Signature Verified Successfully')
  writeFileSync(join(folder, 'letter.txt'), CONTENT)
  const sum = execFileSync('sha256sum', ['letter.txt'], { cwd: folder }).toString().slice(0, 64)
  expect(said).toBe(`${sum} supervised`)
})

test('openssl refuses an envelope whose payload was changed', () => {
  const bundle = w.bundle(w.good('directed')) as { envelope: { payload: string } }
  const payload = Buffer.from(bundle.envelope.payload, 'base64').toString().replace('directed', 'authored')
  bundle.envelope.payload = Buffer.from(payload).toString('base64')
  expect(takeApart(bundle)).toContain('authored')
  expect(openssl()).toContain('Signature Verification Failure')
})
