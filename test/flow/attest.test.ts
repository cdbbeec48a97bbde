/** Attestations of files, mails and answers of HTTP: what the command line says, and that length does not matter. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, closeSync, ftruncateSync, writeFileSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { measureFile } from '../../apps/cli/attest/output-file.ts'
import { verifyOutput, type Verified, type VerifyOptions } from '../../apps/cli/attest/verify.ts'
import { createServer as createControlPlane, type RunningServer } from '../../apps/server/server.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { toCompact } from '../../src/provenance/carriers/compact.ts'
import { FIELD, httpField } from '../../src/provenance/carriers/fields.ts'
import type { Bundle } from '../../src/provenance/statement.ts'
import { at, CONTENT, DISCLOSED, FILE, NAME, REVIEWER } from '../../vectors/attestation/world.ts'
import { AttestedRepository } from '../fixtures/attested-repository.ts'
import { startMailServer } from '../fixtures/mail-server.ts'
import { CLI } from './stage.ts'

/** Commands are processes of their own. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const r = new AttestedRepository('files')
afterAll(() => r.remove())

const path = (name: string): string => join(r.folder, name)
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path(name), content)
  return path(name)
}
const verify = (file: string, more: Partial<VerifyOptions> = {}): Promise<Verified> =>
  verifyOutput(file, { key: [r.world.kid], role: 'directed', ...more })
const codeOf = (answer: Verified): string => (answer.ok ? 'ok' : answer.error.code)
const cli = (...args: string[]) =>
  promisify(execFile)(process.execPath, [CLI, ...args], { cwd: r.folder }).catch(
    (error: { stdout: string; stderr: string; code: number }) => error,
  )

describe('a file with its attestation beside it', () => {
  const bundle = r.bundle('supervised', {}, r.world.subject(), { disclosures: DISCLOSED })

  beforeAll(() => {
    put(FILE, CONTENT)
    put(`${FILE}.attestation.json`, canonicalBytes(bundle))
  })

  test('is verified by the command line, with who stands behind it', async () => {
    const { stdout } = await cli('attest', 'verify', FILE, '--key', r.world.kid, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      role: 'supervised',
      human: REVIEWER,
      name: NAME,
      chain: 'dlg_00000000000000000000000001',
    })
  })

  test('is refused by the command line with its code and 1 when one byte is another', async () => {
    const changed = put('changed.txt', CONTENT.replace('42', '43'))
    const failed = await cli(
      'attest',
      'verify',
      changed,
      '--attestation',
      `${FILE}.attestation.json`,
      '--key',
      r.world.kid,
      '--json',
    )
    expect(failed).toMatchObject({ code: 1 })
    expect(JSON.parse(failed.stdout)).toMatchObject({ ok: false, error: { code: 'CONTENT_CHANGED' } })
  })

  test.each<[string, string, string]>([
    ['line endings changed by git', CONTENT.replaceAll('\n', '\r\n'), 'LINE_ENDINGS_CHANGED'],
    ['another file', 'Another letter, of another length.\n', 'DIGEST_OTHER'],
    ['the file under another name', CONTENT, 'ok'],
  ])('is known from %s', async (_, content, code) => {
    const other = put('other.txt', content)
    expect(codeOf(await verify(other, { attestation: path(`${FILE}.attestation.json`) }))).toBe(code)
  })

  test('is refused where it is older than the output, or nobody brought its key', async () => {
    const early = r.bundle('directed', {
      output: { id: 'out_1', kind: 'customer_letter', registered_at: at(3) },
    })
    const attestation = put('early.json', canonicalBytes(early))
    expect(codeOf(await verify(path(FILE), { attestation }))).toBe('OLDER_THAN_OUTPUT')
    expect(codeOf(await verify(path(FILE), { key: ['A'.repeat(43)] }))).toBe('ISSUER_UNKNOWN')
    await expect(verify(path(FILE), { key: [], profile: path('nobody') })).rejects.toThrowWithCode(
      'NO_PROFILE',
    )
  })

  test('is refused where it is broken, or is not there', async () => {
    expect(codeOf(await verify(put('alone.txt', 'x')))).toBe('ATTESTATION_MISSING')
    for (const broken of ['{', '{}', 'words', '1.AA.AA.AA'])
      expect(codeOf(await verify(path(FILE), { attestation: put('broken.json', broken) }))).toMatch(
        /^(BUNDLE_INVALID|CARRIER_MALFORMED)$/,
      )
    await expect(verify(path('no-such-file'))).rejects.toThrowWithCode('FILE_UNREADABLE')
  })
})

describe('a large file', () => {
  const BYTES = 1024 * 1024 * 1024

  test('of 1 GiB is verified in memory that does not grow with it', async () => {
    const large = path('large.bin')
    const file = openSync(large, 'w')
    writeSync(file, 'start')
    ftruncateSync(file, BYTES)
    writeSync(file, 'end', BYTES - 3)
    closeSync(file)
    const sha256 = execFileSync('sha256sum', [large]).toString().slice(0, 64)
    const subject = {
      name: 'large.bin',
      digest: { sha256 },
      annotations: { form: 'file' as const, bytes: BYTES },
    }
    put('large.bin.attestation.json', canonicalBytes(r.bundle('directed', {}, subject)))
    const child = spawn(process.execPath, [CLI, 'attest', 'verify', large, '--key', r.world.kid, '--json'])
    let rss_kb = 0
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
        rss_kb = Math.max(rss_kb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
      } catch {
        // it has ended
      }
    }, 20)
    const [code] = (await once(child, 'close')) as [number]
    clearInterval(look)
    expect(code).toBe(0)
    if (process.platform === 'linux') {
      expect(rss_kb).toBeGreaterThan(20 * 1024)
      expect(rss_kb).toBeLessThan(400 * 1024)
    }
  }, 300_000)
})

describe('a mail', () => {
  test('keeps its attestation through a real SMTP server and a relay that folds anew', async () => {
    const server = await startMailServer({ starttls: false })
    try {
      const options = { host: '127.0.0.1', port: server.port, ignoreTLS: true }
      const draft = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
      const composed = await draft.sendMail({
        from: '"Ada Example" <ada@example.org>',
        to: 'bob@example.org',
        subject:
          'Your refund, a subject that is so long that a relay folds it: naïve café, 42.00 EUR is on its way',
        text: `${CONTENT}\nGrüße\n-- \nAda\n`,
        attachments: [{ filename: 'terms.txt', content: 'Terms.\r\n' }],
      })
      const raw = put('raw.eml', composed.message as Buffer)
      const { sha256, bytes } = await measureFile(raw, 'mail')
      const subject = { name: 'mail', digest: { sha256 }, annotations: { form: 'mail' as const, bytes } }
      const attestation = put(
        'mail.json',
        canonicalBytes(r.bundle('supervised', {}, subject, { disclosures: DISCLOSED })),
      )
      await cli('attest', 'mail', raw, '--attestation', attestation, '-o', path('carrying.eml'))
      const envelope = { from: 'ada@example.org', to: 'bob@example.org' }
      await createTransport(options).sendMail({ envelope, raw: readFileSync(path('carrying.eml')) })
      const arrived = server.mails[0]?.text ?? ''
      expect(await verify(put('arrived.eml', arrived))).toMatchObject({
        ok: true,
        role: 'supervised',
        name: NAME,
      })

      await createTransport(options).sendMail({ envelope, raw: relayed(arrived) })
      const again = server.mails[1]?.text ?? ''
      expect(again).toContain('Received: from relay')
      expect(await verify(put('again.eml', again))).toMatchObject({ ok: true, human: REVIEWER })
      expect(
        codeOf(
          await verify(
            put('edited.eml', again.replace('42.00 EUR is on its way.', '52.00 EUR is on its way.')),
          ),
        ),
      ).toMatch(/^(CONTENT_CHANGED|DIGEST_OTHER)$/)
      expect(codeOf(await verify(put('other-to.eml', again.replace(/^To: bob/m, 'To: eve'))))).not.toBe('ok')
    } finally {
      await server.close()
    }
  })

  /** As relays do: its own field in front, ours folded by other lengths and tabs, the name of ours in other case. */
  function relayed(mail: string): string {
    const end = mail.indexOf('\r\n\r\n')
    const head = mail.slice(0, end).replaceAll(/\r\n[ \t]+/g, ' ')
    const folded = head.split('\r\n').map((line) =>
      line.startsWith(FIELD)
        ? line
            .replaceAll(' ', '')
            .replace(FIELD, FIELD.toLowerCase())
            .match(/.{1,60}/g)!
            .join('\r\n\t')
        : line,
    )
    return (
      ['Received: from relay by mx; Sun, 29 Nov 2026 00:00:00 +0000', 'X-Spam-Score: 0', ...folded].join(
        '\r\n',
      ) + mail.slice(end)
    )
  }
})

describe('an answer of HTTP', () => {
  test('carries its attestation in a header field that curl keeps', async () => {
    const { sha256, bytes } = await measureFile(put('page.json', '{"b": 1, "a": 2}'), 'json')
    const subject = { name: 'page', digest: { sha256 }, annotations: { form: 'json' as const, bytes } }
    const field = httpField(toCompact(r.bundle('directed', {}, subject)))
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...field })
      response.end('{"a":2,"b":1}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await promisify(execFile)('curl', ['-sS', '--dump-header', path('head'), '-o', path('body'), url])
    server.close()
    expect(await verify(path('body'), { attestation: path('head') })).toMatchObject({
      ok: true,
      role: 'directed',
    })
  })
})

describe('the issuer', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await createControlPlane({ dataDir: path('control-plane') })
  })
  afterAll(() => server.close())

  test('is asked for its keys; one that cannot be reached is no answer', async () => {
    const bundle: Bundle = r.bundle('directed', {})
    const attestation = put('theirs.json', canonicalBytes(bundle))
    expect(codeOf(await verify(path(FILE), { attestation, key: [], issuer: server.url }))).toBe(
      'ISSUER_UNKNOWN',
    )
    await expect(verify(path(FILE), { attestation, issuer: 'http://127.0.0.1:9' })).rejects.toThrowWithCode(
      'ISSUER_UNREACHABLE',
    )
  })

  test('has a page with its modules, and nothing else is served there', async () => {
    const page = await fetch(`${server.url}/attest`)
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const html = await page.text()
    const modules = [...html.matchAll(/modulepreload" href="([^"]+)"/g)].map(([, href = '']) => href)
    expect(modules.length).toBeGreaterThan(20)
    for (const href of modules) {
      const module = await fetch(server.url + href)
      expect(module.headers.get('content-type')).toContain('text/javascript')
      expect(module.status).toBe(200)
    }
    for (const other of ['package.json', 'apps/server/server.ts', '../package.json', '%2e%2e/package.json'])
      expect((await fetch(`${server.url}/attest/modules/${other}`)).status).toBe(404)
  })
})
